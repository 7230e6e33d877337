"""Half an hour of a caster behind a poor network: gaps, held values, set-points from the desk, and no attack."""

from testbed import Caster, Networked, Quiet, Scatter, Scenario

scenario = Scenario(
    name="cyber-quiet",
    plant=Networked(plant=Caster()),
    duration=1800,  # s
    steps=(
        Scatter(
            names=(
                "network_delay", "operator_setpoint", "loose_thermocouple", "held_values", "powder_change",
                "redelivery", "bad_quality", "speed_change", "gateway_restart", "dead_band", "tundish_change",
            ),
            every=150,  # s
            first=60,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("network", "balance"),
    tick_s=1.0,
    title="A poor network, and nobody attacks",
    story="Gateways restart, packets come twice, values stand still for seconds, and the crew changes speed and "
    "powder. All of it resembles an attack on the network. None is one, and no security alarm is the right answer.",
)  # fmt: skip
