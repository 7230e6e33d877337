"""The block model agrees with a slow one: plain equations, Runge-Kutta in quarters of a millisecond, its own delays."""

from __future__ import annotations

import copy
import math

import numpy as np

from connectors.times import SECOND
from testbed.hotmill import HotMill, looper
from testbed.hotmill.control import Loops, Tuning, asked
from testbed.hotmill.schedule import PITCH, TENSION, Lines
from testbed.hotmill.system import DT, MODULUS, SLIP_BACK, SLIP_FRONT, Shape
from testbed.hotmill.unit import HotMillPlant
from testbed.mill.rolling import RATE_POWER
from testbed.plant import START
from tests.testbed.hotmill.rolled import rolled

PARTS = 4  # of a millisecond
M = 5.0  # MN/mm


class Slow:
    """Seven stands by their equations. State as the block model's, kept apart by name; departures in its units."""

    def __init__(self, plant: HotMillPlant) -> None:
        line = plant.line
        self.lines: Lines = line.bar.lines
        self.bar, self.sound = line.bar, line.sound
        self.control = line.control.copy()
        self.place, self.speed = line.passage.gone, line.speed
        self.angle = line.backup.copy()
        self.ecc = plant.things[1].roll  # pyright: ignore[reportAttributeAccessIssue]
        self.ecc_at, self.ecc_age = plant.things[1].stand, plant.things[1].age
        x = line.train.x.copy()
        self.state = [x[a:b].copy() for a, b in ((0, 7), (7, 14), (14, 21), (21, 28), (28, 34), (34, 40), (40, 46))]
        self.head = float(x[46])
        end = line.passage._end
        self.made = [list(row[end - 8000 : end]) for row in line.passage._made]

    def arrives(self) -> np.ndarray:
        """Entry departures: what each stand before made when it lay there, a whole way ago."""
        entry = np.empty(7)
        entry[0] = self.bar.at(np.array(self.place), "thickness")[0]
        for i in range(6):
            entry[i + 1] = self.ago(i, PITCH / (self.lines.speed[i] * self.speed))
        return entry

    def ago(self, stand: int, seconds: float) -> float:
        """What a stand made so many s before this step."""
        steps = seconds / DT - 1.0
        k = int(steps)
        row = self.made[stand]
        return row[-1 - k] + (steps - k) * (row[-2 - k] - row[-1 - k])

    def step(self, held: np.ndarray, noise: np.ndarray) -> None:
        """One millisecond."""
        lines = self.lines
        self.place += self.speed * lines.flow * DT
        self.angle = self.angle + self.speed * lines.roll * DT * 2.0 / 1.5
        self.ecc_age += DT
        at = self.place - lines.way
        entry = self.arrives()
        heat, hard = self.bar.at(at, "heat", "hardness")
        heat = lines.cooling.keep * heat + lines.cooling.by_speed * (self.speed - 1.0)
        push = lines.by_entry * entry + lines.by_heat * heat
        push += lines.force * (hard + self.bar.force_error + RATE_POWER * (self.speed - 1.0))
        turned = self.angle + self.sound[2]
        closes = self.sound[0] * np.sin(turned) + self.sound[1] * np.sin(2.0 * turned)
        closes[self.ecc_at] += min(self.ecc_age, 1.0) * self.ecc.closes(self.angle)[self.ecc_at]
        closes[6] += 0.010 * at[6] / self.bar.size
        seen = self.ago(6, 2.0 / (lines.speed[6] * self.speed))
        for _ in range(PARTS):
            self.runge_kutta(DT / PARTS, held, entry, push, closes, noise, seen)
        thickness, _ = self.rolls(self.state, push, closes)
        for i in range(7):
            self.made[i].append(float(thickness[i]))

    def rolls(self, state: list[np.ndarray], push: np.ndarray, closes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thickness and force from h = S - e + F/M and F = w - Q h."""
        pulled = np.zeros(8)
        pulled[1:7] = state[4]
        w = push + self.lines.by_tension * (pulled[:-1] + pulled[1:])
        h = (M * (state[0] - closes) + w) / (M + self.lines.plastic)
        return h, w - self.lines.plastic * h

    def slope(self, state, held, entry, push, closes, noise) -> list[np.ndarray]:
        gap, rate, told, roll, stress, angle, turn = state
        lines, trim, speed, torque = self.lines, held[:7], held[7:14], held[14:]
        h, force = self.rolls(state, push, closes)
        omega = 2.0 * math.pi * 12.0
        error = gap + (force + noise) / M - trim
        v = self.speed * lines.speed
        leaves = roll[:6] * (1.0 + lines.slip[:6]) + v[:6] * SLIP_FRONT * stress
        enters = lines.exit[1:] / lines.entry[1:] * roll[1:] * (1.0 + lines.slip[1:])
        enters = enters + v[:6] * (h[1:] / lines.exit[1:] - entry[1:] / lines.entry[1:]) - v[:6] * SLIP_BACK * stress
        spring = 0.2 * TENSION * lines.lever * looper.CURVE / looper.SLOPE
        return [
            rate,
            omega**2 * (told - gap) - 2.0 * 0.7 * omega * rate,
            -2.0 * math.pi * 2.0 * (M + lines.plastic) / M * error,
            (speed - roll) / 0.05,
            MODULUS / 5.5 * (enters - leaves + looper.SLOPE * turn),
            turn,
            (torque - spring * angle - 60.0 * turn - lines.lever * stress) / looper.INERTIA,
        ]

    def runge_kutta(self, dt, held, entry, push, closes, noise, seen) -> None:
        def after(by, slopes):
            return [a + by * b for a, b in zip(self.state, slopes, strict=True)]

        args = (held, entry, push, closes, noise)
        a = self.slope(self.state, *args)
        b = self.slope(after(dt / 2, a), *args)
        c = self.slope(after(dt / 2, b), *args)
        d = self.slope(after(dt, c), *args)
        self.state = [
            s + dt / 6 * (w + 2 * x + 2 * y + z) for s, w, x, y, z in zip(self.state, a, b, c, d, strict=True)
        ]
        self.head += (1.0 - math.exp(-dt / 0.02)) * (seen - self.head)


def test_the_block_model_agrees_with_plain_equations_stepped_slowly():
    plant = HotMill(grade="SPHC").build(4, START)
    rolled(plant, 30.0)
    plant.inject("eccentricity", "F6", {"amplitude": 30}, 1)
    rolled(plant, 2.0)
    assert plant.line.is_full and plant.line.speed == 1.0
    slow, twin = Slow(plant), copy.deepcopy(plant._rows["stands"])
    before = plant.present
    shape = Shape(0, 6, 1.0)
    loops = Loops.of(slow.lines, shape, Tuning.usual(), np.zeros(6), plant.line.bar.speed_error)
    delay = 2.0 / slow.lines.speed[-1] + 0.02
    held = np.zeros(20)
    for _ in range(8):
        noise = twin.noise()
        force_noise = noise[:, 1::14] + noise[:, 2::14]
        for k in range(100):
            if k % 10 == 0:
                slow.control.gauge(slow.head, delay)
                held = asked(slow.control, loops, np.concatenate([*slow.state, [slow.head]]), np.zeros(7))
            slow.step(held, force_noise[k])
    rolled(plant, 0.8)
    time, true = plant.true_signals()["POH/HOT/HSM2/EXIT/TRUE_THICKNESS"]
    block = 1e3 * (true[time > before] - 2.3)
    steps = 1e3 * np.array(slow.made[6][-800:])[9::10]
    assert np.sqrt(np.mean((block - steps) ** 2)) < 0.1  # um
    assert np.std(block) > 1.0
    x = plant.line.train.x
    for mine, theirs, close in zip(slow.state, (x[:7], x[7:14], x[14:21], x[21:28], x[28:34], x[34:40], x[40:46]),
                                   (2e-4, 2e-2, 2e-4, 1e-4, 2e-2, 1e-4, 2e-3), strict=True):  # fmt: skip
        assert np.abs(mine - theirs).max() < close
    assert plant.present == before + round(0.8 * SECOND)
