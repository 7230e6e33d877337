"""A sticker: steel that sticks to the mould, tears below it, and a tear that runs down slower than the strand.

The tear is a V that opens from (x0, y0) just below the meniscus: it runs down with `ratio` of the casting speed and
sideways with its own speed, so it reaches depth y at distance d from its centre after (y - y0)/v_v + d/v_h
(Liu et al., Ironmaking & Steelmaking 2022: v_v 0.3 … 2.4 and v_h 1.0 … 9.0 m/min; 14 of 61 touched one column only).
Above it the shell is stuck and thick, so the copper runs cooler; at it the shell is thin, so it runs hotter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.caster.heat import EXIT_M, SAFE_SHELL, shell

HEALING_SPEED = 0.3 / 60.0  # m/s; below it the tear closes instead of tearing again with every oscillation
FADING_S = 8.0  # the copper forgets a healed tear with this time constant
FLUX_DEPTH = 0.11  # m, where the amplitudes are given


@dataclass(slots=True)
class Tear:
    """State of one sticker. Lengths in m, speeds in m/s, times in s.

    Attributes:
        face: index of the broad face.
        x0: centre across the face, m from its middle.
        ratio: tear speed down as a share of the casting speed.
        sideways: tear speed along the face, m/s.
        half_width: m from the centre at which the amplitude has fallen to 1/e.
        rise, fall: K, how much hotter the copper gets at the tear and how much cooler above it (0.11 m deep).
        rise_s, fall_s: s the rise takes, and the time constant of the fall, at the tear's own speed.
        speed0: m/s, tear speed at its beginning; turns lengths behind the tear into times.
    """

    face: int
    x0: float
    ratio: float
    sideways: float
    half_width: float
    rise: float
    fall: float
    rise_s: float
    fall_s: float
    speed0: float
    front: float = 0.02
    strength: float = 1.0  # fades from the copper once healed
    healed_for: float = 0.0
    is_healed: bool = False
    has_broken_out: bool = False

    def step(self, speed: float, dt: float) -> None:
        """The tear runs down while the strand pulls, and heals while it nearly stands; `speed` in m/s."""
        if self.is_healed:
            self.strength *= 1.0 - dt / FADING_S
        if self.is_healed or self.has_broken_out:
            return
        if speed <= HEALING_SPEED:
            self.healed_for += dt
            self.is_healed = shell(self.healed_for) >= SAFE_SHELL
            return
        self.healed_for = 0.0
        self.front += self.ratio * speed * dt
        self.has_broken_out = self.front >= EXIT_M

    def drag(self) -> float:
        """How much more the stuck shell rubs, as a share of the friction: up to 0.15, growing with its length."""
        return self.strength * 0.15 * min(self.front / 0.3, 1.0)

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """K at the amplitude's depth, float64 of x's shape: what the tear adds at the places (face, x, z)."""
        away = np.abs(x - self.x0)
        behind = self.front - z - away * (self.speed0 / self.sideways)  # m the tear has passed this place by
        t = behind / self.speed0
        up = np.sin(0.5 * np.pi * np.clip(t / self.rise_s, 0.0, 1.0)) ** 2
        down = 1.0 - np.exp(-np.maximum(t - self.rise_s, 0.0) / self.fall_s)
        shape = self.rise * up - (self.rise + self.fall) * down
        shape = self.strength * shape * np.exp(-((away / self.half_width) ** 2))
        return np.where(face == self.face, shape, 0.0)
