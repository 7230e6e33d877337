"""A valve of the hydraulic gap comes to the end of its life, and jams."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-servo-valve",
    title="The valve that will jam",
    story=(
        "A servo valve answers late, sticks and leaks. The gap still follows, so thickness shows nothing, but its "
        "current is restless. Control is taken off that gap before the valve jams. If nobody acts, the stand "
        "trips and the mill stops."
    ),
    plant=HotMill(grade="SPHC", coil_s=95.0),
    duration=90,  # s
    steps=(Fault(at=Draw(26, 30), name="servo_valve"),),
    expect=(Detect("servo_valve"), Quiet(false_alarms_per_24h=1)),
    models=("valves",),
    responses=(Respond("machine", "agc_on", 0),),
    delay_s=5.0,
    tick_s=1.0,
)
