"""A looper's height loop hunts, wider and wider, until it would pull the strip flat."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-looper-hunting",
    title="The hunting looper",
    story=(
        "A height loop is badly tuned and its looper begins to swing, a little more each time. Within ten seconds "
        "the strip would be pulled flat and tear. The alarm names the looper, and its loop is switched to safe "
        "tuning."
    ),
    plant=HotMill(grade="SPHC", coil_s=70.0),
    duration=60,  # s
    steps=(Fault(at=Draw(28, 32), name="looper_hunting"),),
    expect=(Detect("looper_hunting"), Quiet(false_alarms_per_24h=1)),
    models=("flow",),
    responses=(Respond("process", "looper_safe", 1),),
    delay_s=0.5,
)
