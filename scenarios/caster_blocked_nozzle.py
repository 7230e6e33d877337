"""Spray nozzles of a zone are blocked: its flow is held, its pressure rises, and a streak of the strand stays hot."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-blocked-nozzle",
    title="Same water, one streak dry",
    story=(
        "Nozzles below the mould are blocked. The zone's flow is controlled and looks as ever; the others spray "
        "more, and a streak of the strand gets too little. Only pressure against flow tells, minutes before the "
        "hot streak is bent straight and cracks. Air purges the zone."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=900,  # s
    steps=(
        LookAlike(at=Draw(60, 80), name="zone_setpoint"),
        Fault(at=Draw(240, 300), name="blocked_spray_nozzle"),
    ),
    expect=(Detect("blocked_spray_nozzle"), Quiet(false_alarms_per_24h=1)),
    models=("nozzles", "rules"),
    responses=(Respond("process", "purge_spray", 0.0),),  # all zones
    tick_s=1.0,
)
