"""A normal day of the machines, a snapshot every ten minutes: loads, speeds, a fitter with a grease gun, a crane."""

from testbed import LookAlike, Quiet, Rotating, Scenario

scenario = Scenario(
    name="rot-normal-day",
    plant=Rotating(hours=1 / 6),
    duration=288,  # s: 144 snapshots, 24 hours
    steps=(
        LookAlike(at=30, name="load_change", where="DSP"),
        LookAlike(at=70, name="speed_change", where="ROT"),
        LookAlike(at=110, name="passing_impact", where="IDF"),
        LookAlike(at=150, name="lubrication", where="CLR"),
        LookAlike(at=220, name="loose_sensor", where="PIN"),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("envelope",),
    tick_s=2.0,
    title="A normal day of fans, pumps and gears",
    story="Twenty-four hours in five minutes, one snapshot every ten minutes. Loads and speeds follow the mill, a "
    "crane passes, a fitter greases a bearing and a sensor comes loose. Nothing is broken, and nobody should be "
    "called.",
)
