"""The stopper sticks: it moves in steps, and the level swings slowly, whatever the casting speed."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-stopper-stiction",
    title="The rod that waits",
    story=(
        "The stopper's drive moves, the rod waits, then jumps. The level swings in a slow saw-tooth that looks "
        "like bulging but does not follow the casting speed: command and position tell them apart. Exercising the"
        " rod frees it."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=400,  # s
    steps=(
        LookAlike(at=Draw(60, 70), name="ladle_change"),
        Fault(at=Draw(120, 150), name="stopper_stiction"),
    ),
    expect=(Detect("stopper_stiction"), Quiet(false_alarms_per_24h=1)),
    models=("spectrum", "rules"),
    responses=(Respond("machine", "exercise_stopper", 1.0),),
    tick_s=0.5,
)
