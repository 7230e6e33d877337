"""The tag table of the finishing mill: what is measured, how fast, how well, and how it travels."""

from __future__ import annotations

import math

from connectors.tags import Group, Tag
from testbed.hotmill.schedule import RADII, STANDS, THIN
from testbed.sensors import Sensor, sensors_of

UNIT = "POH/HOT/HSM2"
PLACES = tuple(f"{UNIT}/F{i + 1}" for i in range(STANDS))
EXIT = f"{UNIT}/EXIT"
LINE = f"{UNIT}/FM"

# name: unit, normal range, sensor (lag in s, noise and quantum in the tag's unit). Ranges: domain: 3c.
Table = dict[str, tuple[str, tuple[float, float], Sensor]]
STAND: Table = {
    "ROLL_GAP": ("mm", (-8.0, 40.0), Sensor(0.0, 0.0005, 0.0005)),
    "FORCE_DS": ("MN", (0.0, 16.0), Sensor(0.0, 0.010, 0.002)),
    "FORCE_WS": ("MN", (0.0, 16.0), Sensor(0.0, 0.010, 0.002)),
    "ROLL_FORCE": ("MN", (0.0, 30.0), Sensor(0.0, 0.0, 0.002)),  # sum of both sides, which bring the noise
    "ROLL_SPEED": ("m/s", (0.0, 20.0), Sensor(0.0, 0.002, 0.0005)),
    "MOTOR_I": ("kA", (-2.0, 15.0), Sensor(0.010, 0.010, 0.005)),
    "MOTOR_TRQ": ("kN.m", (-200.0, 2500.0), Sensor(0.010, 1.0, 0.2)),
    "MOTOR_P": ("MW", (-1.0, 12.0), Sensor(0.010, 0.010, 0.005)),
    "BEND": ("kN", (0.0, 1500.0), Sensor(0.010, 1.5, 0.5)),
    "H_GM": ("mm", (-2.0, 40.0), Sensor(0.0, 0.0, 0.0005)),  # from gap and force
    "SERVO": ("%", (-100.0, 100.0), Sensor(0.002, 0.3, 0.05)),  # valve current
    "CYL_DS": ("mm", (-10.0, 42.0), Sensor(0.0, 0.0005, 0.0005)),
    "CYL_WS": ("mm", (-10.0, 42.0), Sensor(0.0, 0.0005, 0.0005)),
    "HYD_P": ("bar", (0.0, 320.0), Sensor(0.002, 0.3, 0.1)),
}
LOOPER: Table = {
    "LPR_ANG": ("deg", (0.0, 65.0), Sensor(0.002, 0.02, 0.01)),
    "LPR_TRQ": ("kN.m", (-20.0, 80.0), Sensor(0.002, 0.05, 0.01)),
    "TENS": ("MPa", (0.0, 25.0), Sensor(0.002, 0.03, 0.01)),
}
DELIVERY: Table = {
    "H_X": ("mm", (0.0, 20.0), Sensor(0.0, 0.0015, 0.0005)),  # the lag is in the mill, the delay on the way
    "T_FET": ("Cel", (600.0, 1200.0), Sensor(0.010, 0.8, 0.1)),
    "T_FDT": ("Cel", (600.0, 1100.0), Sensor(0.010, 0.5, 0.1)),
    "WIDTH": ("mm", (0.0, 2000.0), Sensor(0.010, 0.1, 0.1)),
}
# What the second level makes of the above ten times a second. It judges while all stands hold strip at an even speed,
# and shows 0 otherwise.
CHECK: Table = {
    "FORCE_DEV": ("%", (-30.0, 30.0), Sensor(0.0, 0.05, 0.01)),  # measured less reckoned from gauge, heat, tension
    "SIDE_DEV": ("%", (-60.0, 60.0), Sensor(0.0, 0.05, 0.01)),  # drive side less work side, of the whole force
    "SERVO_BIAS": ("%", (-100.0, 100.0), Sensor(0.0, 0.05, 0.01)),  # mean of the valve's current
    "SERVO_ACT": ("%", (0.0, 100.0), Sensor(0.0, 0.05, 0.01)),  # spread of the valve's current
}
LOOP_CHECK: Table = {"LPR_TRIM": ("%", (-5.0, 5.0), Sensor(0.0, 0.01, 0.01))}  # speed that the height loop asks for
LINE_CHECK: Table = {
    "MASS_DEV": ("um", (-300.0, 300.0), Sensor(0.0, 1.0, 0.5)),  # X-ray less mass flow
    "MONITOR": ("um", (-300.0, 300.0), Sensor(0.0, 0.0, 0.1)),  # what the monitor has added
    "CENTRE": ("mm", (-200.0, 200.0), Sensor(0.1, 0.5, 0.5)),  # strip's centre line behind the last stand
}
STATE: Table = {
    "V_STRIP": ("m/s", (0.0, 20.0), Sensor(0.05, 0.002, 0.001)),
    "H_SET": ("mm", (0.0, 20.0), Sensor(0.0, 0.0, 0.001)),
    "CROWN": ("um", (-50.0, 150.0), Sensor(0.5, 1.0, 0.5)),
    "WEDGE": ("um", (-100.0, 100.0), Sensor(0.5, 1.0, 0.5)),
    "FLATNESS": ("[IU]", (-100.0, 100.0), Sensor(0.5, 1.0, 0.5)),
    "WR_KM": ("km", (0.0, 200.0), Sensor(0.0, 0.0, 0.01)),
    "STRIP_LEN": ("m", (0.0, 3000.0), Sensor(0.0, 0.0, 0.1)),
    "SPEED_SHARE": ("1", (0.0, 1.5), Sensor(0.0, 0.0, 0.001)),
    "AGC_ON": ("1", (0.0, 1.0), Sensor(0.0, 0.0, 1.0)),
    "MONITOR_ON": ("1", (0.0, 1.0), Sensor(0.0, 0.0, 1.0)),
    "NOTCH_ON": ("1", (0.0, 1.0), Sensor(0.0, 0.0, 1.0)),
}


def _tags(group: str, rate: float, *listed: tuple[str, Table]) -> tuple[Tag, ...]:
    return tuple(
        Tag(name=f"{path}/{short}", unit=unit, eu_range=limits, rate_hz=rate, group=group)
        for path, table in listed for short, (unit, limits, _) in table.items()
    )  # fmt: skip


STANDS_GROUP = Group("stands", _tags("stands", 1000.0, *((place, STAND) for place in PLACES)), "blocks")
LOOPERS_GROUP = Group("loopers", _tags("loopers", 1000.0, *((place, LOOPER) for place in PLACES[:-1])), "blocks")
DELIVERY_GROUP = Group("delivery", _tags("delivery", 1000.0, (EXIT, DELIVERY)), "blocks")
CHECKS_GROUP = Group(
    "checks",
    _tags("checks", 10.0, *((p, CHECK) for p in PLACES), *((p, LOOP_CHECK) for p in PLACES[:-1]), (EXIT, LINE_CHECK)),
)
STATE_GROUP = Group("state", _tags("state", 10.0, (LINE, STATE)))
COIL_GROUP = Group("coil", tuple(Tag(name=f"{LINE}/{s}", group="coil") for s in ("COIL_ID", "GRADE")), "texts")
GROUPS = (STANDS_GROUP, LOOPERS_GROUP, DELIVERY_GROUP, CHECKS_GROUP, STATE_GROUP, COIL_GROUP)
FAST = GROUPS[:3]  # 120 tags at 1 kHz
SLOW = GROUPS[3:5]

# What `spectrum` looks at: the last stand's rolling force as it would be if the gap had stood still, F + S MQ/(M + Q),
# once and twice a turn of its backup rolls (1.5 m). Each stand turns at its own speed, and a view has one: the others
# are not seen. Held against orders where no other stand's backup rolls turn once.
SPECTRUM = {
    "signals": (f"{PLACES[-1]}/ROLL_FORCE",), "speed": f"{PLACES[-1]}/ROLL_SPEED", "per": 1.0 / (math.pi * 1.5),
    "mix": (((f"{PLACES[-1]}/ROLL_GAP", 4.2),),), "rate_hz": 1000.0, "length": 12_000, "stride_s": 1.0, "average": 10,
    "bands": ((0.985, 1.015), (1.97, 2.03)),
    "around": (((0.65, 0.75), (1.3, 1.5)), ((1.65, 1.85), (2.5, 2.8))),
    "running": 1.0,  # MN; less than that, and there is no strip
}  # fmt: skip

# What `envelope` looks at: whether the force of each stand is knocked on once a turn of its work rolls. A dent of 40 mm
# is under the rolls for 4 ms at the last stand and for 30 ms at the first: 8 … 40 Hz holds both, clear of the rolls'
# own turning. `full` is the thin schedule's speed.
ENVELOPE = {
    "signals": tuple(f"{place}/ROLL_FORCE" for place in PLACES),
    "speeds": tuple(f"{place}/ROLL_SPEED" for place in PLACES),
    "orders": ((("work roll", 1.0),),) * STANDS,
    "per": tuple(60e3 / (2.0 * math.pi * radius) for radius in RADII),
    "full": tuple(
        60e3 / (2.0 * math.pi * radius) * THIN.speed * THIN.heights[-1] / height
        for radius, height in zip(RADII, THIN.heights[1:], strict=True)
    ),
    "rate_hz": 1000.0, "length": 16_384, "stride_s": 1.0, "band": (8.0, 40.0),
}  # fmt: skip

# Stands and loopers are on the mill's controllers; gauge house and second level speak MQTT.
TRANSPORTS = {
    "stands": "opcua", "loopers": "opcua", "delivery": "mqtt", "checks": "mqtt", "state": "opcua", "coil": "opcua",
}  # fmt: skip

SETPOINTS = {
    name: Tag(name=f"{LINE}/SET/{name.upper()}", eu_range=limits, group="set", writable=True)
    for name, limits in {
        "agc_on": (0.0, 1.0), "monitor_on": (0.0, 1.0), "eccentricity_notch": (0.0, 1.0), "mill_speed": (0.6, 1.1),
        "looper_safe": (0.0, 1.0), "tension": (0.5, 1.5), "rematch_speeds": (0.0, 1.0), "level_rolls": (0.0, 1.0),
        "change_roll": (0.0, 1.0), "speed_trim": (-0.5, 0.5),
    }.items()
}  # fmt: skip


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    return sensors_of(group, STAND, LOOPER, DELIVERY, CHECK, LOOP_CHECK, LINE_CHECK, STATE)


def index(group: Group, short: str) -> list[int]:
    """Columns of the tags of a group that are called `short`, in order of the stands."""
    return [i for i, tag in enumerate(group.tags) if tag.short == short]
