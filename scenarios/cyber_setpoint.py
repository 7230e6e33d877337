"""A command that no desk gave changes the casting speed. The crew and its desk change it too, and may."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Networked, Quiet, Respond, Scenario, SetPoint

scenario = Scenario(
    name="cyber-setpoint",
    plant=Networked(plant=Caster(casting_speed=1.3)),  # m/min
    duration=400,  # s
    steps=(
        LookAlike(at=50, name="operator_setpoint", where="casting_speed", params={"value": 1.2}),
        LookAlike(at=110, name="speed_change"),
        LookAlike(at=170, name="tundish_change", params={"duration": 80}),
        SetPoint(at=275, name="casting_speed", value=1.3),
        Fault(at=Draw(310, 330), name="unauthorised_setpoint", where="casting_speed", params={"value": 1.6}),
    ),
    expect=(Detect("unauthorised_setpoint"), Quiet(false_alarms_per_24h=1)),
    models=("network", "balance"),
    responses=(Respond("cyber", "casting_speed", 1.3),),  # the desk takes it back, m/min
    tick_s=1.0,
    title="A command that nobody gave",
    story="The casting speed rises to 1.6 m/min, and no operator has asked for it. Every signal is genuine and every "
    "limit is kept. Only the desk and the controller disagree on what was ordered, and the desk takes it back.",
)
