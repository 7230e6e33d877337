"""Two hours of sound coils through seven stands: threading, tail-out, all changes of a day, and all look-alikes."""

from testbed import HotMill, Quiet, Scatter, Scenario

scenario = Scenario(
    name="hsm-normal-day",
    title="A normal day at the finishing mill",
    story=(
        "Two hours of coils without a fault. Heads thread, tails leave, widths change, operators trim speed and "
        "tension, valves are exchanged, bars come in bent, cold at one edge, or with skid marks. Nobody should be "
        "called."
    ),
    plant=HotMill(grade="SPHC"),
    duration=7200,  # s
    steps=(
        Scatter(
            names=(
                "skid_marks", "speed_change", "camber", "tension_trim", "rougher_wave", "cold_edge", "speed_step",
                "valve_exchange", "gauge_dust", "hard_spot", "scale_patch", "warming_rolls", "water_spots",
                "spindle_wobble", "pressure_dip", "coil_change", "loose_contact", "velocimeter_drift",
            ),
            every=25,  # s
            first=20,
        ),
    ),
    expect=(Quiet(false_alarms_per_24h=12),),
    models=(),
    tick_s=1.0,
    slow=True,
)  # fmt: skip
