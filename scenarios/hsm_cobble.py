"""A drive creeps away from its speed; the height loop takes it up until the strip piles up."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-cobble",
    title="A second before the cobble",
    story=(
        "A stand's drive creeps away from its speed. The height loop takes it up as long as it can, and the loop "
        "hardly grows; then the strip piles up between two stands. The trim of the loop tells in time, and the "
        "speeds are matched anew."
    ),
    plant=HotMill(grade="SPHC", coil_s=70.0),
    duration=60,  # s
    steps=(Fault(at=Draw(36, 40), name="cobble"),),
    expect=(Detect("cobble"), Quiet(false_alarms_per_24h=1)),
    models=("flow",),
    responses=(Respond("process", "rematch_speeds", 1),),
    delay_s=0.5,
)
