"""The tag table of the strip camera and of the mill before it."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.sensors import Sensor

MILL = "POH/HOT/HSM2"
UNIT = f"{MILL}/SURF"
STANDS = tuple(f"F{i}" for i in range(1, 8))

_MEASURED = {
    f"{UNIT}/V_STRIP": ("m/s", (0.0, 20.0), Sensor(0.05, 0.004, 0.001)),
    f"{UNIT}/WIDTH": ("mm", (600.0, 1900.0), Sensor(0.1, 0.3, 0.1)),
    f"{UNIT}/LAMP": ("%", (0.0, 100.0), Sensor(0.5, 0.1, 0.1)),
    **{f"{MILL}/{stand}/H_EXIT": ("mm", (0.5, 40.0), Sensor(0.1, 0.004, 0.001)) for stand in STANDS},
    **{f"{MILL}/{stand}/WR_DIA": ("mm", (600.0, 850.0), Sensor(0.0, 0.0, 0.1)) for stand in STANDS},
}

LINE = Group(
    "line",
    tuple(
        Tag(name=name, unit=unit, eu_range=limits, rate_hz=10.0, group="line")
        for name, (unit, limits, _) in _MEASURED.items()
    ),
)
CAMERA = Group("camera", (Tag(name=f"{UNIT}/CAM_TOP", group="camera"),), "frames")
COIL = Group("coil", (Tag(name=f"{UNIT}/COIL_ID", group="coil"), Tag(name=f"{UNIT}/GRADE", group="coil")), "texts")
GROUPS = (LINE, CAMERA, COIL)

# The mill's controller speaks OPC UA, the camera's computer MQTT.
TRANSPORTS = {"line": "opcua", "camera": "mqtt", "coil": "opcua"}
SENSORS: tuple[Sensor, ...] = tuple(sensor for _, _, sensor in _MEASURED.values())
