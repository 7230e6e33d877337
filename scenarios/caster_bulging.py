"""The strand bulges in step with its rolls and swings the level, which no PI control holds."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-bulging",
    title="In step with the rolls",
    story=(
        "At this speed the strand bulges between its rolls in step, and pumps steel up and down. The level swings"
        " more and more; no tuning of its control holds it. A little slower, and the step is broken."
    ),
    plant=Caster(casting_speed=Draw(1.25, 1.4)),  # m/min
    duration=300,  # s
    steps=(
        LookAlike(at=Draw(60, 70), name="ladle_change"),
        Fault(at=Draw(120, 150), name="bulging"),
    ),
    expect=(Detect("bulging"), Quiet(false_alarms_per_24h=1)),
    models=("spectrum", "rules"),
    responses=(Respond("machine", "casting_speed", 1.05),),  # m/min
    tick_s=0.5,
)
