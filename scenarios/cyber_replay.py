"""The mould level is replayed: what is shown is true, but of a minute ago. Noise never comes twice."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Networked, Quiet, Scenario

scenario = Scenario(
    name="cyber-replay",
    plant=Networked(plant=Caster(casting_speed=Draw(1.2, 1.4))),  # m/min
    duration=360,  # s
    steps=(
        LookAlike(at=60, name="held_values", where="mold"),
        LookAlike(at=90, name="redelivery", where="LVL_PV"),
        LookAlike(at=120, name="dead_band", where="LVL_PV"),
        Fault(at=Draw(230, 250), name="replayed_signal", where="LVL_PV"),
    ),
    expect=(Detect("replayed_signal"), Quiet(false_alarms_per_24h=1)),
    models=("network", "balance"),
    tick_s=1.0,
    title="A level from a minute ago",
    story="An attacker records the mould level and plays it back. Value, spread and limits are perfect, because they "
    "were true once. But noise never comes twice: the same stretch, sample by sample, gives the replay away.",
)
