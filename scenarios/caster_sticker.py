"""A sticker tears in the mould while a loose thermocouple looks like one. The breakout must be averted."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-sticker",
    title="Twenty seconds to spare",
    story=(
        "The shell sticks to the mould and tears; the tear travels down with the strand. Once it leaves the "
        "mould, steel runs out. A loose thermocouple looks the same to a threshold and must be left alone. "
        "The alarm slows the strand down, and the shell heals."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=180,  # s
    steps=(
        LookAlike(at=Draw(35, 45), name="loose_thermocouple"),
        Fault(at=Draw(60, 80), name="sticker"),
    ),
    expect=(Detect("sticker"), Quiet(false_alarms_per_24h=1)),
    models=("sticker", "mspc", "rules"),
    responses=(Respond("breakout", "slow_down", 0.2),),  # m/min
)
