"""Forged thermocouples: a face is shown hotter than its water can say. A loose one, powder and speed are no attack."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Networked, Quiet, Scenario

scenario = Scenario(
    name="cyber-spoof",
    plant=Networked(plant=Caster(casting_speed=Draw(1.2, 1.4))),  # m/min
    duration=420,  # s
    steps=(
        LookAlike(at=50, name="loose_thermocouple", params={"duration": 40}),
        LookAlike(at=100, name="powder_change", params={"duration": 60}),
        LookAlike(at=200, name="speed_change"),
        Fault(at=Draw(320, 330), name="spoofed_values"),
    ),
    expect=(Detect("spoofed_values"), Quiet(false_alarms_per_24h=1)),
    models=("network", "balance"),
    tick_s=1.0,
    title="Forged thermocouples",
    story="Somebody on the network shows one face of the mould hotter than it is, smoothly enough for every limit. "
    "Heat has to go somewhere: the cooling water of that face does not confirm it, and the balance names the attack.",
)
