"""A face of the mould loses its water: seconds until the copper boils it."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-water-loss",
    title="Ten seconds of water",
    story=(
        "One face of the mould loses its cooling water. Less of it carries the same heat away, so it leaves "
        "warmer; when it boils, the copper is lost. The alarm starts the standby pump."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.35)),  # m/min
    duration=240,  # s
    steps=(
        LookAlike(at=Draw(50, 60), name="speed_change"),
        Fault(at=Draw(150, 180), name="mould_water_loss", where="FF"),
    ),
    expect=(Detect("mould_water_loss"), Quiet(false_alarms_per_24h=1)),
    models=("mspc", "rules"),
    responses=(Respond("process", "water", 4600.0),),  # L/min: the standby pump runs
    tick_s=0.5,
)
