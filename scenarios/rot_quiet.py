"""Four weeks of sound machines: loads, speeds, grease, blows, a neighbour and loose sensors, and no damage."""

from testbed import Quiet, Rotating, Scatter, Scenario

scenario = Scenario(
    name="rot-quiet",
    plant=Rotating(hours=4.0),
    duration=336,  # s: 168 snapshots, 28 days
    steps=(
        Scatter(
            names=(
                "speed_change", "load_change", "lubrication", "passing_impact", "neighbour", "loose_sensor",
            ),
            every=25,  # s: one in two days
            first=20,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("envelope",),
    tick_s=2.0,
    title="Four quiet weeks of fans, pumps and gears",
    story="Nothing breaks in these four weeks. Loads and speeds change, grease dries up, a crane passes, the neighbour "
    "hammers and a sensor comes loose. Each of them looks like damage to a limit on the overall level.",
)  # fmt: skip
