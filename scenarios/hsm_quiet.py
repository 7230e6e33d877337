"""Half an hour of sound coils: skid marks, speed changes, gauge control off and on, coils cut short, no bad roll."""

from testbed import Mill, Quiet, Scatter, Scenario

scenario = Scenario(
    name="hsm-quiet",
    title="Half an hour of sound coils",
    story=(
        "Skid marks, speed changes, gauge control off and on, coils cut short: everything that ripples like a"
        " bad roll and is none. No alarm is the right answer."
    ),
    plant=Mill(),
    duration=1800,  # s
    steps=(
        Scatter(
            names=("skid_marks", "speed_change", "skid_marks", "agc_toggle", "skid_marks", "coil_change"),
            every=60,  # s
            first=10,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("spectrum",),
    tick_s=1.0,
    slow=True,
)
