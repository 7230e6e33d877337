"""A roll has polished itself into a polygon over half a shift, and marks the strip: a snapshot of it."""

from testbed import ColdMill, Detect, Draw, Fault, LookAlike, Quiet, Scenario

scenario = Scenario(
    name="tcm-chatter-marks",
    title="Marks that nobody feels",
    story=(
        "Between 500 and 700 Hz a tone too low for any hand stands on one stand for hours. A gear hums there, too, and"
        " a bearing knocks, but they pass. The marks lie a few centimetres apart on the strip: speed over frequency"
        " names the roll."
    ),
    plant=ColdMill(),
    duration=48,  # s
    steps=(
        LookAlike(at=Draw(3, 4), name="gear_mesh"),
        LookAlike(at=Draw(9, 10), name="backup_bearing"),
        Fault(at=Draw(15, 16), name="chatter_marks"),
    ),
    expect=(Detect("chatter_marks"), Quiet(false_alarms_per_24h=1)),
    models=("tone",),
    delay_s=2.0,
    tick_s=0.5,
)
