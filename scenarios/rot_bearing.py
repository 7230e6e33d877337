"""The fan's outer race breaks out three weeks before it fails. A stop is planned a week ahead or it comes unasked."""

from testbed import Detect, Draw, Fault, LookAlike, Quiet, Respond, Rotating, Scenario

scenario = Scenario(
    name="rot-bearing",
    plant=Rotating(hours=4.0),
    duration=300,  # s: 150 snapshots, 25 days
    steps=(
        LookAlike(at=20, name="lubrication", where="IDF"),
        Fault(at=Draw(36, 44), name="outer_race", where="IDF DE"),
        LookAlike(at=90, name="neighbour", where="CLR"),
        LookAlike(at=140, name="speed_change", where="PIN"),
    ),
    expect=(Detect("outer_race"), Quiet(false_alarms_per_24h=1)),
    models=("envelope",),
    responses=(Respond("machine", "overhaul", 1),),  # of the fan
    delay_s=24.0,  # two days until the shift in which it is done
    tick_s=2.0,
    title="A bearing, three weeks ahead",
    story="A spall of the fan's outer race begins to knock. Overall vibration stays in its zone for two weeks, but the "
    "envelope's spectrum shows the bearing's own frequency within days. The stop is planned; dry grease, a hammering "
    "neighbour and a change of speed are not taken for damage.",
)
