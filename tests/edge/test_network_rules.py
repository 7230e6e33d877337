"""The rules of the network name silence, repetition and a forged set-point, and leave alone what a poor one does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from connectors.items import Batch, Item, Mark
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.network_rules import NetworkRules
from edge.pipeline import Pipeline

START = 1_767_571_200 * SECOND
SECONDS, RATE = 100, 10  # s and Hz
T = np.arange(1, SECONDS * RATE + 1) / RATE
NOISE = np.round(50.0 + np.random.default_rng(10_001).standard_normal((len(T), 2)), 2)


def found(values: Mapping[str, np.ndarray], silent: tuple[float, float] = (0.0, 0.0)) -> list[tuple[float, str]]:
    """(second, change) of the alarm over one group; values (1000,) by tag, nothing comes in `silent`, s."""
    tags = tuple(Tag(name=f"L/{name}", unit="mm", group="g", rate_hz=RATE) for name in values)
    group, table = Group("g", tags), np.stack(list(values.values()), axis=1)
    items: list[Item] = []
    for second in range(1, SECONDS + 1):
        rows = (second - 1 < T) & (second >= T) & ~((silent[0] < T) & (silent[1] >= T))
        if rows.any():
            time = START + np.round(T[rows] * 1e6).astype(np.int64) * 1000
            items.append(Batch(tags, time, table[rows], np.zeros((rows.sum(), len(tags)), np.uint32)))
        items.append(Mark("g", START + second * SECOND))
    events = Pipeline([group], [NetworkRules([group])], start=START).feed([*items, Mark("g", END)])
    return [((event.time - START) / SECOND, event.change) for event in events]


def played_again(length: int, lag: int) -> np.ndarray:
    """The level, of which `length` samples from second 60 on are those of `lag` samples before."""
    level = NOISE[:, 0].copy()
    level[600 : 600 + length] = np.resize(level[600 - lag : 600], length)
    return level


def test_noise_that_never_comes_twice_is_no_attack():
    assert not found({"A": NOISE[:, 0], "B": NOISE[:, 1]})


@pytest.mark.parametrize("gap_s", [8.0, 14.0])
def test_a_gateway_that_restarts_is_no_attack(gap_s):
    assert not found({"A": NOISE[:, 0], "B": NOISE[:, 1]}, silent=(40.0, 40.0 + gap_s))


def test_a_group_without_a_sample_for_fifteen_seconds_is_silent_until_it_comes_again():
    (raised, change), (over, returned) = found({"A": NOISE[:, 0], "B": NOISE[:, 1]}, silent=(40.0, 65.0))
    assert (change, returned) == ("active", "returned")
    assert 55.0 <= raised <= 59.0  # a value counts as held for 3 s at most
    assert over > 65.0


@pytest.mark.parametrize(("length", "lag", "is_found"), [(200, 150, True), (60, 150, False), (200, 20, True)])
def test_a_stretch_that_comes_again_is_a_replay_unless_it_is_one_packet(length, lag, is_found):
    assert bool(found({"A": played_again(length, lag), "B": NOISE[:, 1]})) is is_found


def test_a_constant_and_a_clock_that_ticks_between_few_values_repeat_by_themselves():
    assert not found({"A": np.full(len(T), 7.5), "B": np.round(np.sin(2 * np.pi * T / 20.0))})


@pytest.mark.parametrize(("lasts", "is_found"), [(3, False), (20, True)])
def test_a_set_point_that_the_controller_holds_and_no_desk_gave_is_forged(lasts, is_found):
    desk, held = np.full(len(T), 1.2), np.full(len(T), 1.2)
    held[400 : 400 + lasts * RATE] = 1.5
    assert bool(found({"DESK_SPEED": desk, "HELD_SPEED": held})) is is_found
