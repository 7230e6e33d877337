"""Two hours of sound coils over descaler, table and coiler: pumps change, headers rest, flow meters fail."""

from testbed import Quiet, RunOutTable, Scatter, Scenario

scenario = Scenario(
    name="runout-normal-day",
    title="A normal day at the run-out table",
    story=(
        "Two hours of coils without a fault. Pumps change, headers are rested, flow meters fail, and coils come and "
        "go. Nothing of it leaves scale on the strip, and nobody should be called."
    ),
    plant=RunOutTable(),
    duration=7200,  # s
    steps=(Scatter(names=("pump_change", "flow_meter", "header_rest"), every=300, first=60),),
    expect=(Quiet(false_alarms_per_24h=1),),
    tick_s=1.0,
    slow=True,
)
