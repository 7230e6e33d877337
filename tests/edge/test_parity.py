"""Every model that is shipped or trained here computes what its operators say: ONNX Runtime beside plain numpy.

The reference is onnx's own evaluator, which knows no optimisation; the inputs are fresh, drawn around the golden ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from edge.model import SHIPPED, load_model

TRAINED = Path(__file__).parents[2] / "benchmarks" / "trained"
FILES = sorted([*SHIPPED.glob("*.onnx"), *TRAINED.glob("*.onnx")])
ALLOWED = 1e-4  # of the output's range


class GatherElements(OpRun):
    """That of onnx takes at most 64 columns."""

    def _run(self, data, indices, axis=0):
        return (np.take_along_axis(data, indices, axis=axis),)


def drawn(golden: np.ndarray, seed: int) -> np.ndarray:
    """Another input of the kind: a window with a tenth of its spread as noise, a picture of other grey levels."""
    rng = np.random.default_rng(seed)
    if golden.dtype == np.uint8:
        return np.clip(golden + rng.integers(-30, 31, golden.shape), 0, 255).astype(np.uint8)
    spread = golden.std(axis=1, keepdims=True) if golden.ndim > 1 else golden.std()
    return (golden + 0.1 * spread * rng.standard_normal(golden.shape)).astype(np.float32)


def _marked(file: Path) -> object:
    nodes = onnx.load(file).graph.node
    is_net = sum(node.op_type == "Conv" for node in nodes) > 10
    return pytest.param(file, marks=pytest.mark.slow if is_net else (), id=file.stem)


@pytest.mark.parametrize("file", [_marked(file) for file in FILES])
def test_a_model_computes_the_same_as_plain_numpy_on_fresh_inputs(file):
    model = load_model(file)
    reference = ReferenceEvaluator(onnx.load(file), new_ops=[GatherElements])
    for seed in (1, 2):
        feeds = {name: drawn(value, seed) for name, value in model.card.golden[0].inputs.items()}
        got = model.session.run(feeds)
        expected = dict(zip(reference.output_names, reference.run(None, feeds), strict=True))
        for name, value in expected.items():
            span = max(float(np.ptp(value)), float(np.abs(value).max()), 1e-6)
            off = float(np.abs(got[name].astype(np.float64) - value).max()) / span
            assert off <= ALLOWED, f"{name} is off by {off:.1e} of its range"
