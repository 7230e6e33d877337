"""A broker drops a group and nobody sees it: screens keep the last value. Short gaps and restarts are no attack."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Networked, Quiet, Scenario

scenario = Scenario(
    name="cyber-stale",
    plant=Networked(plant=Caster(casting_speed=Draw(1.2, 1.4))),  # m/min
    duration=360,  # s
    steps=(
        LookAlike(at=60, name="network_delay"),
        LookAlike(at=110, name="gateway_restart"),
        LookAlike(at=160, name="bad_quality"),
        Fault(at=Draw(210, 230), name="stale_data"),
    ),
    expect=(Detect("stale_data"), Quiet(false_alarms_per_24h=1)),
    models=("network", "balance"),
    tick_s=1.0,
    title="A screen that stands still",
    story="One group of signals stops coming, and screens keep showing its last values as if nothing were wrong. A "
    "gateway that restarts is back within seconds; this one is not. Silence of a whole group is an alarm of its own.",
)
