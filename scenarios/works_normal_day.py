"""An hour of the whole works without a fault: what changes at the caster, at the descaler and at both mills."""

from testbed import Quiet, Scatter, Scenario, Works

scenario = Scenario(
    name="works-normal-day",
    title="A normal day at the works",
    story=(
        "An hour of caster, hot mill, run-out table and cold mill side by side. Ladles and powders change, bars bear "
        "skid marks, pumps change, welds pass. Nothing is wrong, and nobody should be called."
    ),
    plant=Works(),
    duration=3600,  # s
    steps=(
        Scatter(
            names=("ladle_change", "skid_marks", "header_rest", "weld_passing", "powder_change", "loose_thermocouple"),
            every=300,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("sticker",),
    tick_s=1.0,
    slow=True,
)
