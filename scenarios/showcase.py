"""Two minutes for a visitor: one sticker, two look-alikes, and a mould that slows down in time."""

from testbed import Caster, Detect, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="showcase",
    title="Two minutes for a visitor",
    story=(
        "One tear in the shell, two things that only resemble it, and a mould that slows down in time. "
        "Everything travels over the real protocols."
    ),
    plant=Caster(casting_speed=1.3),  # m/min
    duration=120,  # s
    steps=(
        LookAlike(at=25, name="loose_thermocouple", where="BF row 1, column 9", params={"mode": "step"}),
        LookAlike(at=30, name="speed_change", params={"change": 0.1}),
        Fault(at=50, name="sticker", where="BF column 4", params={"ratio": 0.7, "rise": 22, "one_column": 0}),
    ),
    expect=(Detect("sticker"), Quiet(false_alarms_per_24h=1)),
    models=("sticker", "mspc", "rules"),
    responses=(Respond("breakout", "slow_down", 0.2),),  # m/min
)
