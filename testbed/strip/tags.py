"""The tag tables of a strip camera and of the mill before it: behind a hot strip mill, and behind a cold mill."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.tags import Group, Tag
from testbed.sensors import Sensor


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line's tags.

    Attributes:
        mill: path of the mill.
        stands: names of its stands.
        groups: scalars `line`, frames `camera`, texts `coil`.
        sensors: of the scalars, in order.
    """

    mill: str
    stands: tuple[str, ...]
    groups: tuple[Group, Group, Group]
    sensors: tuple[Sensor, ...]

    @property
    def camera(self) -> str:
        """Path of the camera, which is where marks lie."""
        return self.groups[1].tags[0].name


def _line(mill: str, n: int, thickness: tuple[float, float], diameter: tuple[float, float]) -> Line:
    unit, stands = f"{mill}/SURF", tuple(f"F{i}" for i in range(1, n + 1))
    measured = {
        f"{unit}/V_STRIP": ("m/s", (0.0, 20.0), Sensor(0.05, 0.004, 0.001)),
        f"{unit}/WIDTH": ("mm", (600.0, 1900.0), Sensor(0.1, 0.3, 0.1)),
        f"{unit}/LAMP": ("%", (0.0, 100.0), Sensor(0.5, 0.1, 0.1)),
        **{f"{mill}/{stand}/H_EXIT": ("mm", thickness, Sensor(0.1, 0.004, 0.001)) for stand in stands},
        **{f"{mill}/{stand}/WR_DIA": ("mm", diameter, Sensor(0.0, 0.0, 0.1)) for stand in stands},
    }
    tags = tuple(
        Tag(name=name, unit=measured_in, eu_range=limits, rate_hz=10.0, group="line")
        for name, (measured_in, limits, _) in measured.items()
    )
    camera = Group("camera", (Tag(name=f"{unit}/CAM_TOP", group="camera"),), "frames")
    coil = Group("coil", (Tag(name=f"{unit}/COIL_ID", group="coil"), Tag(name=f"{unit}/GRADE", group="coil")), "texts")
    return Line(mill, stands, (Group("line", tags), camera, coil), tuple(sensor for _, _, sensor in measured.values()))


HOT = _line("POH/HOT/HSM2", 7, (0.5, 40.0), (600.0, 850.0))
COLD = _line("POH/COLD/TCM1", 5, (0.1, 4.0), (350.0, 550.0))
GROUPS = HOT.groups

# The mill's controller speaks OPC UA, the camera's computer MQTT.
TRANSPORTS = {"line": "opcua", "camera": "mqtt", "coil": "opcua"}
