"""Half an hour of normal days: coils and their welds, speed, emulsion, cranes, gears and bearings, and no fault."""

from testbed import ColdMill, Draw, Quiet, Scatter, Scenario

scenario = Scenario(
    name="tcm-normal-day",
    title="A normal day at the cold mill",
    story=(
        "Coils follow each other, welded end to end, and everything that belongs to a day comes by: welds, speed"
        " changes, a thinner emulsion, a crane, gears, bearings. The models look on, and none of them should"
        " speak."
    ),
    plant=ColdMill(coil_s=Draw(120.0, 180.0)),
    duration=1800,  # s
    steps=(
        Scatter(
            names=("weld_passing", "gear_mesh", "speed_change", "backup_bearing", "emulsion_change", "crane_impact"),
            every=45,  # s
            first=15,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("chatter", "weld"),
    delay_s=2.0,
    tick_s=1.0,
    slow=True,
)
