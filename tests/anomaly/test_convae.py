"""The autoencoder of windows: its graph needs no torch; its training does, goes on after a stop, and sees patterns."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from anomaly import convae, with_torch
from anomaly.calibrate import Budget
from anomaly.convae import KERNELS, LENGTH, WIDTH, Convae, Plan, starts
from anomaly.fit import fit
from connectors.errors import InputError
from connectors.items import Batch, Mark
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.model import OnnxModel
from edge.session import Session

NAMES = ("L/A", "L/B", "L/C", "L/D")
GROUP = Group("main", tuple(Tag(name=name, rate_hz=1.0) for name in NAMES))


def waves(n: int, seed: int, beat: float = 1.0) -> np.ndarray:
    """Four signals that swing together, (n, 4); `beat` is how fast the second one swings beside the others."""
    rng = np.random.default_rng(seed)
    t = 0.4 * np.arange(n)
    clean = np.column_stack([np.sin(t), np.sin(beat * t + 1.0), np.cos(t), 0.5 * np.sin(t + 2.0)])
    return np.array([300.0, 5.0, -40.0, 1.0]) + clean + 0.05 * rng.standard_normal((n, 4))


def drawn_layers(k: int, middle: int) -> list[convae.Layer]:
    """Layers of the right shapes that nothing was learned in."""
    rng = np.random.default_rng(7)
    shapes = [(WIDTH, k, KERNELS[0]), (middle, WIDTH, KERNELS[1]), (middle, WIDTH, KERNELS[1]), (WIDTH, k, KERNELS[0])]
    biases = [WIDTH, middle, WIDTH, k]
    return [(0.2 * rng.standard_normal(shape), 0.1 * rng.standard_normal(n)) for shape, n in zip(shapes, biases,
            strict=True)]  # fmt: skip


def untaught(monkeypatch, run: np.ndarray) -> Convae:
    """A model whose training was left out."""

    def learn(rows, learned, held, middle, plan, run, checkpoint, progress):
        return drawn_layers(rows.shape[1], middle), [[1.0, 1.0]], 0

    monkeypatch.setattr(convae, "with_torch", lambda module: SimpleNamespace(learn=learn))
    model = Convae(NAMES, 1.0)
    model.fit([run])
    return model


def redrawn(x: np.ndarray, layers) -> np.ndarray:
    """What the layers make of (k, LENGTH), by sums over samples as convolutions are written down."""
    for i, (kernel, bias) in enumerate(layers):
        n = kernel.shape[2]
        if i < len(KERNELS):
            padded = np.pad(x, ((0, 0), (n // 2, n // 2)))
            x = np.stack([np.einsum("oin,in->o", kernel, padded[:, t : t + n]) for t in range(0, x.shape[1], 2)], 1)
        else:
            wide = np.zeros((kernel.shape[1], 2 * x.shape[1] + n))
            for t in range(x.shape[1]):
                wide[:, 2 * t : 2 * t + n] += np.einsum("ion,i->on", kernel, x[:, t])
            x = wide[:, n // 2 : n // 2 + 2 * x.shape[1]]
        x = x + bias[:, None]
        x = np.maximum(x, 0.0) if i in (0, 2) else x
    return x


def test_the_graph_computes_what_the_layers_say(monkeypatch):
    model = untaught(monkeypatch, waves(400, 1))
    session = Session(model.graph().model(model.card()), "convae")
    run = waves(LENGTH, 2)
    z = ((run - model.mean) / model.spread).T
    rest = (z - redrawn(z, model.layers)) ** 2
    got = session.run({"window": run.astype(np.float32)[None]})
    np.testing.assert_allclose(got["contribution"][0], rest.mean(axis=1) * model.precision, rtol=1e-4)
    np.testing.assert_allclose(got["score"][0, 0], got["contribution"].sum(), rtol=1e-5)


def test_a_model_of_64_channels_has_68_thousand_parameters(monkeypatch):
    model = Convae(tuple(f"L/{i}" for i in range(64)), 1.0, layers=drawn_layers(64, 16))
    assert model.middle == 16
    assert model.card()["choices"]["parameters"] == 67_792


def test_no_row_is_both_learned_and_held_out():
    learned, held = starts([200, 50, 400])
    seen = np.unique(learned[:, None] + np.arange(LENGTH))
    judged = np.unique(held[:, None] + np.arange(LENGTH))
    assert not np.intersect1d(seen, judged).size
    assert len(judged) == 40 + 80
    assert seen.max() < 650 and judged.max() == 649
    crossing = [first for first in (*learned, *held) for edge in (200, 250) if first < edge < first + LENGTH]
    assert crossing == [], "no window spans two stretches"


def test_a_stretch_that_is_too_short_to_hold_anything_out_is_told():
    with pytest.raises(InputError, match="a stretch of at least 64 complete rows, but the longest has 50"):
        Convae(NAMES, 1.0).fit([waves(50, seed) for seed in range(3)])


def test_a_missing_torch_is_told_before_the_data_are_read(monkeypatch):
    monkeypatch.setattr(with_torch, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'steel-testbed\[train\]'"):
        fit("convae", [GROUP], [lambda: pytest.fail("read")], Budget.parse("1/24h"))


def bundles_of(values: np.ndarray):
    """Opens a run as bundles of items."""

    def bundles():
        time = (np.arange(len(values)) + 1) * SECOND
        yield [Batch(GROUP.tags, time, values, np.zeros(values.shape, np.uint32)), Mark("main", END)]

    return bundles


def learned(tmp_path, seed: int = 1, epochs: int = 4, stop_after: int = 99) -> bytes:
    """A file learned from one stretch, b"" if its training was stopped after so many epochs."""

    def tell(what: str, done: int, of: int) -> None:
        if what == "learn" and done >= stop_after:
            raise KeyboardInterrupt

    try:
        return fit("convae", [GROUP], [bundles_of(waves(400, seed))], Budget.parse("1/20m"), {"origin": "test"}, tell,
                   epochs=epochs, checkpoint=tmp_path / "c.resume")  # fmt: skip
    except KeyboardInterrupt:
        return b""


def test_a_training_that_was_stopped_ends_with_the_same_file(tmp_path):
    pytest.importorskip("torch")
    whole = learned(tmp_path)
    assert learned(tmp_path, stop_after=2) == b""
    assert (tmp_path / "c.resume").exists()
    with pytest.raises(InputError, match="is a checkpoint of another training"):
        learned(tmp_path, seed=2)
    assert learned(tmp_path) == whole
    assert list(tmp_path.iterdir()) == []
    card = OnnxModel(whole, "convae.onnx").card.raw
    assert card["training"]["epochs"] == 4 and card["training"]["seed"] == 1
    assert json.dumps(card["golden"]) and card["calibration"]["normal_hours"] > 0


def test_the_file_computes_what_torch_computes():
    torch = pytest.importorskip("torch")
    from anomaly.torch_convae import Net

    torch.manual_seed(3)
    net = Net(len(NAMES), 1)
    run = waves(LENGTH, 2)
    model = Convae(NAMES, 1.0, mean=run.mean(0), spread=run.std(0), layers=net.plain(), precision=np.full(4, 0.25))
    z = torch.from_numpy(((run - model.mean) / model.spread).astype(np.float32).T.copy())[None]
    with torch.no_grad():
        expected = float(((net(z) - z) ** 2).mean())
    session = Session(model.graph().model(model.card()), "convae")
    got = float(session.run({"window": run.astype(np.float32)[None]})["score"][0, 0])
    assert got == pytest.approx(expected, rel=1e-4)


def test_it_sees_a_signal_that_swings_at_another_beat_and_names_it():
    pytest.importorskip("torch")
    model = Convae(NAMES, 1.0, plan=Plan(epochs=20))
    model.fit([waves(600, 1)])
    session = Session(model.graph().model(model.card()), "convae")

    def scored(run: np.ndarray) -> list[dict[str, np.ndarray]]:
        starts = range(0, len(run) - LENGTH, 8)
        return [session.run({"window": run[at : at + LENGTH].astype(np.float32)[None]}) for at in starts]

    normal, changed = scored(waves(300, 2)), scored(waves(300, 2, beat=1.7))
    assert min(float(one["score"][0, 0]) for one in changed) > 3 * max(float(one["score"][0, 0]) for one in normal)
    assert {int(one["contribution"][0].argmax()) for one in changed} == {1}
