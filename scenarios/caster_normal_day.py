"""A normal day: ladles, tundishes, powders, speeds and widths change, instruments fail, and nothing is wrong."""

from testbed import Caster, Draw, Quiet, Scatter, Scenario

scenario = Scenario(
    name="caster-normal-day",
    title="A day like any other",
    story=(
        "Three shifts without a fault: every ladle, tundish, powder, speed and width change of a day, and "
        "instruments that fail in it. What rings here would be switched off by the second shift."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=86_400,  # s
    steps=(
        Scatter(
            names=(
                "ladle_change",
                "speed_change",
                "loose_thermocouple",
                "ladle_change",
                "powder_change",
                "width_change",
                "ladle_change",
                "tundish_change",
                "zone_setpoint",
                "water_setpoint",
                "pump_change",
                "flow_meter_drift",
            ),
            every=900,  # s
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("sticker",),
    tick_s=1.0,
    slow=True,
)
