"""A longitudinal crack opens in the shell: one column of thermocouples cools, row after row, as fast as the strand."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-longitudinal-crack",
    title="A cold groove on its way down",
    story=(
        "A groove opens in the shell and runs down with the strand. Where it passes the copper cools instead of "
        "heating: the opposite of a sticker, and faster. A gap that stays where it is, a loose thermocouple and a "
        "broad patch of slag look cooler, too. The alarm slows the strand down before the thin shell leaves the mould."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=420,  # s
    steps=(
        LookAlike(at=Draw(55, 65), name="air_gap", params={"duration": 80}),
        LookAlike(at=Draw(155, 165), name="loose_thermocouple", params={"mode": "drift", "duration": 80}),
        LookAlike(at=Draw(260, 270), name="slag_patch"),
        Fault(at=Draw(355, 365), name="longitudinal_crack"),
    ),
    expect=(Detect("longitudinal_crack"), Quiet(false_alarms_per_24h=1)),
    models=("crack", "rules"),
    responses=(Respond("breakout", "slow_down", 0.2),),  # m/min
    tick_s=0.5,
)
