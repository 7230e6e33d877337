"""Half an hour of what resembles a fault and is none: look-alikes of every fault, and no sticker."""

from testbed import Caster, Draw, Quiet, Scatter, Scenario

scenario = Scenario(
    name="caster-lookalikes",
    title="Nothing is wrong",
    story=(
        "Operators change level, water and width, instruments drift, gaps come and go. Each of it fools "
        "whoever watches one tag. Nobody may slow the strand down for it."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=1800,  # s
    steps=(
        Scatter(
            names=(
                "loose_thermocouple",
                "air_gap",
                "width_change",
                "stopper_jog",
                "level_setpoint",
                "sensor_beat",
                "stopper_dither",
                "position_drift",
                "zone_setpoint",
                "pressure_drift",
                "flow_meter_drift",
                "pump_change",
                "water_setpoint",
            ),
            every=110,  # s
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("sticker",),
    tick_s=1.0,
)
