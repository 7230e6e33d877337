"""The tag table of the stand: what is measured, how fast, how well, and how it travels."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.sensors import Sensor, sensors_of, tag_group

UNIT = "POH/HOT/HSM2/F7"

# name: unit, normal range, sensor (lag in s, noise and quantum in the tag's unit)
_FAST = {
    "ROLL_FORCE": ("MN", (0.0, 25.0), Sensor(0.0, 0.014, 0.002)),
    "ROLL_GAP": ("mm", (-5.0, 40.0), Sensor(0.0, 0.0005, 0.0005)),
    "H_GM": ("mm", (0.0, 20.0), Sensor(0.0, 0.003, 0.0005)),  # from gap and force, which bring the noise
    "BUR_SPEED": ("/min", (0.0, 200.0), Sensor(0.0, 0.02, 0.01)),
    "MOTOR_TRQ": ("kN.m", (0.0, 600.0), Sensor(0.0, 1.0, 0.1)),
}
_STAND = {
    "V_STRIP": ("m/s", (0.0, 20.0), Sensor(0.05, 0.002, 0.001)),
    "H_SET": ("mm", (0.0, 20.0), Sensor(0.0, 0.0, 0.001)),
    "H_ENTRY": ("mm", (0.0, 40.0), Sensor(0.05, 0.002, 0.0005)),
    "TENS": ("MPa", (0.0, 20.0), Sensor(0.1, 0.03, 0.01)),
    "MOTOR_I": ("kA", (0.0, 20.0), Sensor(0.05, 0.01, 0.01)),
    "AGC_ON": ("1", (0.0, 1.0), Sensor(0.0, 0.0, 1.0)),
    "NOTCH_ON": ("1", (0.0, 1.0), Sensor(0.0, 0.0, 1.0)),
    "STRIP_LEN": ("m", (0.0, 3000.0), Sensor(0.0, 0.0, 0.1)),
}
_GAUGE = {
    "H_X": ("mm", (0.0, 20.0), Sensor(0.0, 0.0015, 0.0005)),  # the lag is in the stand, the delay on the way
    "T_FET": ("Cel", (600.0, 1200.0), Sensor(0.2, 0.8, 0.1)),
    "T_FDT": ("Cel", (600.0, 1100.0), Sensor(0.2, 0.5, 0.1)),
}


FAST = tag_group(UNIT, "fast", _FAST, 1000.0, "blocks")
STAND = tag_group(UNIT, "stand", _STAND, 10.0)
GAUGE = tag_group(UNIT, "gauge", _GAUGE, 10.0)
COIL = Group("coil", tuple(Tag(name=f"{UNIT}/{short}", group="coil") for short in ("COIL_ID", "GRADE")), "texts")
GROUPS = (FAST, STAND, GAUGE, COIL)

# Stand and drives are on the mill's own controller; the gauge house speaks MQTT.
TRANSPORTS = {"fast": "opcua", "stand": "opcua", "gauge": "mqtt", "coil": "opcua"}

# What `spectrum` looks at, once and twice a turn of the backup rolls, against the orders around: the rolling force as
# it would be if the gap had stood still, F + S MQ/(M + Q), so that gauge control neither hides a bad roll nor makes a
# sound one look bad. The factor is 3.75 … 4.2 MN/mm for strip of 15 … 25 MN/mm.
SPECTRUM = {
    "signals": (f"{UNIT}/ROLL_FORCE",), "speed": f"{UNIT}/BUR_SPEED", "per": 1.0 / 60.0,
    "mix": (((f"{UNIT}/ROLL_GAP", 4.0),),), "rate_hz": 1000.0, "length": 20_000, "stride_s": 1.0, "average": 10,
    "bands": ((0.985, 1.015), (1.97, 2.03)),
    "around": (((0.45, 0.75), (1.3, 1.7)), ((1.3, 1.7), (2.3, 2.7))),
    "running": 1.0,  # MN; less than that, and there is no strip
}  # fmt: skip


# What may be set from outside, by the name the plant acts on.
SETPOINTS = {
    name: Tag(name=f"{UNIT}/SET/{name.upper()}", eu_range=(0.0, 1.0), group="set", writable=True)
    for name in ("agc_on", "eccentricity_notch")
}


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    return sensors_of(group, _FAST, _STAND, _GAUGE)
