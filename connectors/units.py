"""Units by their UCUM code, with the UNECE Recommendation 20 code that OPC UA's EUInformation carries."""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """How a unit is shown, and its UNECE common code ('' where Recommendation 20 has none)."""

    symbol: str
    unece: str


# UCUM code: (symbol, UNECE common code). UNECE Recommendation 20, revision 17; UCUM 2.2.
UNITS: dict[str, Unit] = {
    "%": Unit("%", "P1"),
    "1": Unit("", "C62"),
    "A": Unit("A", "AMP"),
    "Cel": Unit("°C", "CEL"),
    "GJ/t": Unit("GJ/t", ""),
    "Hz": Unit("Hz", "HTZ"),
    "J": Unit("J", "JOU"),
    "K": Unit("K", "KEL"),
    "L": Unit("L", "LTR"),
    "L/min": Unit("L/min", "L2"),
    "L/s": Unit("L/s", "G51"),
    "MN": Unit("MN", "B73"),
    "MPa": Unit("MPa", "MPA"),
    "MW": Unit("MW", "MAW"),
    "MW/m2": Unit("MW/m²", ""),
    "N": Unit("N", "NEW"),
    "N.m": Unit("N·m", "NU"),
    "Pa": Unit("Pa", "PAL"),
    "V": Unit("V", "VLT"),
    "W": Unit("W", "WTT"),
    "[g]": Unit("g", "K40"),
    "bar": Unit("bar", "BAR"),
    "d": Unit("d", "DAY"),
    "deg": Unit("°", "DD"),
    "g": Unit("g", "GRM"),
    "g/m2": Unit("g/m²", "GM"),
    "h": Unit("h", "HUR"),
    "kA": Unit("kA", "B22"),
    "kN": Unit("kN", "B47"),
    "kN.m": Unit("kN·m", "B48"),
    "kPa": Unit("kPa", "KPA"),
    "kW": Unit("kW", "KWT"),
    "kW.h": Unit("kWh", "KWH"),
    "kg": Unit("kg", "KGM"),
    "km": Unit("km", "KMT"),
    "m": Unit("m", "MTR"),
    "m/min": Unit("m/min", "2X"),
    "m/s": Unit("m/s", "MTS"),
    "m/s2": Unit("m/s²", "MSK"),
    "m3": Unit("m³", "MTQ"),
    "m3/h": Unit("m³/h", "MQH"),
    "mA": Unit("mA", "4K"),
    "mV": Unit("mV", "2Z"),
    "min": Unit("min", "MIN"),
    "mm": Unit("mm", "MMT"),
    "mm/s": Unit("mm/s", "C16"),
    "ms": Unit("ms", "C26"),
    "rad": Unit("rad", "C81"),
    "s": Unit("s", "SEC"),
    "t": Unit("t", "TNE"),
    "t/h": Unit("t/h", "E18"),
    "t/min": Unit("t/min", ""),
    "um": Unit("µm", "4H"),
    "{cpm}": Unit("cpm", ""),
    "{rpm}": Unit("rpm", "RPM"),
}

# What people write, and the UCUM code they mean: named in a message, never converted silently.
_WRITTEN = {
    "c": "Cel",
    "celsius": "Cel",
    "deg c": "Cel",
    "degc": "Cel",
    "g-force": "[g]",
    "kwh": "kW.h",
    "lpm": "L/min",
    "mpm": "m/min",
    "rpm": "{rpm}",
    "percent": "%",
    "ton": "t",
    "°c": "Cel",
    "℃": "Cel",
    "µm": "um",
}


def meant(written: str) -> str | None:
    """The UCUM code somebody most likely meant, or None.

    >>> meant("degC")
    'Cel'
    """
    lowered = written.strip().lower()
    if lowered in _WRITTEN:
        return _WRITTEN[lowered]
    return {code.lower(): code for code in UNITS}.get(lowered)


def symbol(code: str) -> str:
    """How a unit is shown to people; an unknown one is shown as it came."""
    unit = UNITS.get(code)
    return code if unit is None else unit.symbol


def unece_id(code: str) -> int:
    """EUInformation.unitId: the UNECE code's characters as bytes of an int (OPC 10000-8, 5.6.3), -1 if none.

    >>> unece_id("Cel")
    4408652
    """
    unit = UNITS.get(code)
    if unit is None or not unit.unece:
        return -1
    return int.from_bytes(unit.unece.encode("ascii"), "big")
