"""The nozzle clogs, accelerated: half its flow is gone in a quarter of an hour, and the level shows nothing."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-sen-clogging",
    title="The level lies",
    story=(
        "Deposit grows in the nozzle below the tundish. The level control opens the stopper further, and the "
        "level stays where it was. Who watches the level sees nothing until the stopper is at its limit and the "
        "cast is given up. Here a quarter of an hour stands for hours; argon washes the nozzle."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=1600,  # s
    steps=(
        LookAlike(at=Draw(60, 90), name="speed_change"),
        Fault(at=Draw(200, 260), name="sen_clogging", params={"hours": 0.25}),
    ),
    expect=(Detect("sen_clogging"), Quiet(false_alarms_per_24h=1)),
    models=("mspc", "rules"),
    responses=(Respond("process", "argon", 9.0),),  # L/min
    tick_s=1.0,
)
