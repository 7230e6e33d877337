"""Two hours of a normal day: speed, powder, ladle and tundish changes, failing thermocouples, and no sticker."""

from testbed import Caster, Draw, Quiet, Scatter, Scenario

scenario = Scenario(
    name="caster-quiet",
    title="A normal day at the caster",
    story=(
        "Two hours without a fault: speeds, powders, ladles and tundishes change, and thermocouples fail. "
        "Whoever alarms here would be switched off in a real control room."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=7200,  # s
    steps=(
        Scatter(
            names=(
                "loose_thermocouple",
                "speed_change",
                "powder_change",
                "loose_thermocouple",
                "ladle_change",
                "tundish_change",
            ),
            every=500,  # s: 7.2 an hour
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("sticker", "mspc", "rules"),
    tick_s=1.0,
    slow=True,
)
