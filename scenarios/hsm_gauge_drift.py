"""The X-ray gauge drifts, and the monitor follows it: the gauge shows the right thickness, the steel is wrong."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-gauge-drift",
    title="The gauge that is always right",
    story=(
        "Dirt settles on the window of the X-ray gauge. The monitor control follows the gauge, so the gauge goes "
        "on showing the thickness asked for while the steel goes off. Mass flow contradicts it. The monitor is "
        "taken off before the coil is lost."
    ),
    plant=HotMill(grade="SPHC", coil_s=75.0),
    duration=100,  # s
    steps=(Fault(at=Draw(44, 48), name="gauge_drift"),),
    expect=(Detect("gauge_drift"), Quiet(false_alarms_per_24h=1)),
    models=("gauge",),
    responses=(Respond("sensor", "monitor_on", 0),),
    delay_s=2.0,
    tick_s=1.0,
)
