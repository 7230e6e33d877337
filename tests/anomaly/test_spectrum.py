"""The graph gives what numpy gives; a line that turns with the roll is found, one that does not turn with it is not."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.calibrate import Budget
from anomaly.fit import fit
from anomaly.spectrum import Spectrum, View, view_of
from connectors.errors import InputError
from connectors.items import Batch, Mark
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.model import OnnxModel
from edge.session import Session

RATE = 100.0
ORDERS = View(
    signals=("L/FORCE",), speed="L/RPM", per=1.0 / 60.0, rate_hz=RATE, length=1200, stride_s=1.0, average=2,
    bands=((0.985, 1.015), (1.97, 2.03)), around=(((0.45, 0.75), (1.3, 1.7)), ((1.3, 1.7), (2.3, 2.7))),
    running=-50.0,
)  # fmt: skip
HERTZ = View(
    signals=("L/FORCE", "L/TORQUE"), rate_hz=RATE, length=256, stride_s=0.64, bands=((1, 4), (4, 12), (12, 40))
)


def turning(n: int, seed: int, order: float = 0.0, hertz: float = 0.0, size: float = 1.0) -> np.ndarray:
    """Force and speed, (n, 2): noise, a roll that slowly changes its speed, and what is asked for on top."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE
    rpm = 90.0 + 20.0 * np.sin(2 * np.pi * t / 37.0 + seed)
    turns = np.cumsum(rpm) / 60.0 / RATE
    force = 10.0 + rng.standard_normal(n)
    force += size * (order > 0) * np.sin(2 * np.pi * order * turns) + size * (hertz > 0) * np.sin(2 * np.pi * hertz * t)
    return np.column_stack([force, rpm])


def shaking(n: int, seed: int, hertz: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    both = rng.standard_normal((n, 2))
    both[:, 1] += np.sin(2 * np.pi * hertz * np.arange(n) / RATE) * (hertz > 0)
    return both


def fitted(view: View, make) -> Spectrum:
    model = Spectrum(view)
    model.fit([model.kept(make(12_000, seed)) for seed in range(5)])
    return model


@pytest.fixture(scope="module")
def orders() -> Spectrum:
    return fitted(ORDERS, turning)


@pytest.fixture(scope="module")
def hertz() -> Spectrum:
    return fitted(HERTZ, shaking)


def scored(model: Spectrum, window: np.ndarray) -> dict[str, np.ndarray]:
    session = Session(model.graph().model(model.card()), "spectrum")
    return session.run({"window": window[-model.view.length :].astype(np.float32)[None]})


@pytest.mark.parametrize("which", ["orders", "hertz"])
def test_the_graph_gives_what_numpy_gives(which, request):
    model: Spectrum = request.getfixturevalue(which)
    run = turning(4000, 77, order=1.0) if which == "orders" else shaking(4000, 77, 8.0)
    window = run[-model.view.length :].astype(np.float32).astype(np.float64)
    share = model.standing_out(model.features(model.kept(window)))[0] / model.limit
    got = scored(model, run)
    assert got["score"][0, 0] == pytest.approx(share.max(), rel=2e-3)
    assert np.allclose(got["bands"][0].T, share, rtol=5e-3, atol=1e-3 * share.max())


def test_a_ripple_once_a_turn_is_found_although_the_speed_changes(orders):
    result = scored(orders, turning(3000, 5, order=1.0))
    assert result["score"][0, 0] > 5.0
    assert result["bands"][0, 0].argmax() == 0  # order 1
    assert result["contribution"][0].tolist() == [result["score"][0, 0], 0.0]


def test_a_ripple_twice_a_turn_is_found_in_its_own_band(orders):
    assert scored(orders, turning(3000, 5, order=2.0))["bands"][0, 0].argmax() == 1


def test_a_ripple_that_does_not_turn_with_the_roll_is_not_found(orders):
    """1.5 Hz is the roll's mean speed, but the roll does not keep to it."""
    with_roll = scored(orders, turning(3000, 6, order=1.0, size=0.5))["score"][0, 0]
    against = scored(orders, turning(3000, 6, hertz=0.15, size=5.0))["score"][0, 0]
    assert against < 1.0 < with_roll


def test_a_band_that_is_loud_but_does_not_stand_out_is_not_found(orders):
    line, loud = orders.mean[None].copy(), orders.mean[None].copy()
    line[0, :, 0, 0] += 3.0  # level and contrast
    loud[0, 0, 0, 0] += 3.0  # the surroundings have risen with it
    assert orders.standing_out(line)[0, 0, 0] > 3.0
    assert orders.standing_out(loud)[0, 0, 0] == 0.0


def test_in_hertz_the_band_and_the_signal_that_shake_are_named(hertz):
    result = scored(hertz, shaking(2000, 9, hertz=8.0))
    assert result["score"][0, 0] > 1.0
    assert np.unravel_index(result["bands"][0].argmax(), (2, 3)) == (1, 1)
    assert int(result["contribution"][0].argmax()) == 1


def test_what_is_added_to_a_signal_counts_as_the_signal():
    view = View(signals=("L/F",), rate_hz=RATE, length=256, stride_s=0.64, bands=((4, 12),), mix=((("L/S", 4.0),),))
    assert view.channels == ("L/F", "L/S")
    model = fitted(view, shaking)
    quiet = shaking(2000, 3)
    moved = quiet.copy()
    moved[:, 1] += np.sin(2 * np.pi * 8.0 * np.arange(2000) / RATE)
    moved[:, 0] -= 4.0 * np.sin(2 * np.pi * 8.0 * np.arange(2000) / RATE)  # and the signal takes it back
    assert scored(model, moved)["score"][0, 0] == pytest.approx(scored(model, quiet)["score"][0, 0], abs=1e-3)


def test_a_machine_that_stands_still_has_no_lines(orders):
    idle = turning(3000, 5, order=1.0)
    idle[:, 0] -= 100.0  # below what counts as running
    result = scored(orders, idle)
    assert np.isfinite(result["score"]).all()
    assert result["score"][0, 0] < 0.5


def test_too_little_data_is_refused_with_what_would_do():
    model = Spectrum(ORDERS)
    with pytest.raises(InputError, match="at least 20 windows of 12 s"):
        model.fit([model.kept(turning(1500, 1))])


def test_a_band_without_lines_is_named():
    view = View(signals=("L/A",), rate_hz=RATE, length=64, stride_s=0.64, bands=((0.1, 0.2),))
    with pytest.raises(InputError, match=r"0\.1-0\.2 Hz"):
        Spectrum(view).kept(shaking(500, 1)[:, :1])


GROUP = Group("fast", tuple(Tag(name=f"L/{n}", rate_hz=1000.0, group="fast") for n in ("A", "B")), "blocks")


def run(seed: int, n: int = 30_000):
    """Opens a run of n milliseconds of two tags at 1 kHz as bundles of items."""

    def bundles():
        values = np.random.default_rng(seed).standard_normal((n, 2))
        time = (np.arange(n) + 1) * (SECOND // 1000)
        for at in range(0, n, 1000):
            rows = slice(at, at + 1000)
            yield [Batch(GROUP.tags, time[rows], values[rows], np.zeros((1000, 2), np.uint32)),
                   Mark("fast", int(time[rows][-1]))]  # fmt: skip
        yield [Mark("fast", END)]

    return bundles


def test_blocks_of_a_kilohertz_are_fitted_without_any_view_and_give_one_checked_file():
    runs = [run(seed) for seed in range(4)]
    data = fit("spectrum", [GROUP], runs, Budget.parse("1/24h"), {"origin": "test"})
    card = OnnxModel(data, "spectrum.onnx").card
    assert card.inputs[0].rate_hz == 1000.0
    assert card.inputs[0].channels == ("L/A", "L/B")
    assert (card.condition, len(card.golden)) == ("machine", 2)
    assert card.raw["choices"]["axis"] == "hertz"
    assert data == fit("spectrum", [GROUP], runs, Budget.parse("1/24h"), {"origin": "test"})


def test_tags_without_a_rate_are_refused():
    with pytest.raises(InputError, match="needs tags with a rate_hz"):
        view_of([Group("main", (Tag(name="L/A"),))])
