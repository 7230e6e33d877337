"""Zones of vibration severity of ISO 20816-3: A new, B fit for long, C for a while only, D does damage."""

from __future__ import annotations

from bisect import bisect_right

# mm/s RMS velocity, 10 … 1000 Hz, at the borders A/B, B/C, C/D (domain: 6.4).
BORDERS = {
    ("large", "rigid"): (2.3, 4.5, 7.1),  # group 1, above 300 kW
    ("large", "flexible"): (3.5, 7.1, 11.0),
    ("medium", "rigid"): (1.4, 2.8, 4.5),  # group 2, 15 … 300 kW
    ("medium", "flexible"): (2.3, 4.5, 7.1),
}
LARGE_KW = 300.0  # kW; more than that is group 1
LEAST_KW = 15.0  # kW; the standard says nothing about less


def zone(velocity: float, power: float, support: str = "rigid") -> str:
    """'A' to 'D' of a machine of `power` kW whose housing moves at `velocity` mm/s RMS.

    A border belongs to the worse zone. Raises ValueError for a support that is neither rigid nor flexible, and for a
    machine below 15 kW, of which the standard does not speak.

    >>> zone(2.2, 1800), zone(4.5, 1800), zone(4.5, 1800, "flexible")
    ('A', 'C', 'B')
    """
    if support not in ("rigid", "flexible"):
        raise ValueError(f"A support is rigid or flexible, but got '{support}'.")
    if power < LEAST_KW:
        raise ValueError(f"ISO 20816-3 speaks of machines from {LEAST_KW:g} kW up, but got {power:g} kW.")
    group = "large" if power > LARGE_KW else "medium"
    return "ABCD"[bisect_right(BORDERS[group, support], velocity)]
