"""A load cell of one stand reads off, and gauge control believes it."""

from testbed import Detect, Draw, Fault, HotMill, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-load-cell",
    title="The cell that lies",
    story=(
        "One load cell of a stand reads off, and gaugemeter control believes it. The sides of that stand part, "
        "its force no longer fits the strip, and the neighbours disagree. Gauge control is taken off until the "
        "cell is changed."
    ),
    plant=HotMill(grade="SPHC", coil_s=75.0),
    duration=80,  # s
    steps=(Fault(at=Draw(40, 44), name="load_cell"),),
    expect=(Detect("load_cell"), Quiet(false_alarms_per_24h=1)),
    models=("cells",),
    responses=(Respond("sensor", "agc_on", 0),),
    delay_s=2.0,
    tick_s=1.0,
)
