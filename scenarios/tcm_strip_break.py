"""A cracked weld enters the mill behind a sound one, and tears in it unless it is led through gently."""

from testbed import ColdMill, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="tcm-strip-break",
    title="The weld that tears",
    story=(
        "Two welds run through the mill. Both thump on every stand and pull a dip into the tension. The second has a"
        " crack: its dips deepen from stand to stand and the vibration clicks. Found at the first stands, the tension"
        " is taken back and the weld passes; found later, the strip is in pieces."
    ),
    plant=ColdMill(speed=Draw(8.0, 10.0)),  # m/s: slow for a weld
    duration=30,  # s
    steps=(
        LookAlike(at=2, name="weld_passing"),
        LookAlike(at=Draw(12, 13), name="crane_impact"),
        Fault(at=Draw(15, 16), name="strip_break"),
    ),
    expect=(Detect("strip_break"), Quiet(false_alarms_per_24h=1)),
    models=("weld",),
    responses=(Respond("machine", "weld_passage", 1.0),),
    delay_s=0.5,
)
