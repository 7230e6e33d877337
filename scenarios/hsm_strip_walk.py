"""A gap tilts, and the strip walks aside until it would run into a guide."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-strip-walk",
    title="The strip walks",
    story=(
        "A gap begins to tilt, and the strip walks towards the guide. The side forces part, and the centre line moves. "
        "The rolls are levelled before the strip touches the guide."
    ),
    plant=HotMill(grade="SPHC", coil_s=70.0),
    duration=60,  # s
    steps=(Fault(at=Draw(38, 42), name="strip_walk"),),
    expect=(Detect("strip_walk"), Quiet(false_alarms_per_24h=1)),
    models=("walk",),
    responses=(Respond("process", "level_rolls", 1),),
    delay_s=0.5,
)
