"""The shipped backbone gives what torch gave: by stored vectors everywhere, by torch itself where it is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.session import Session
from vision.lite0 import FILE, MULTIPLE, TAPS, layout

VECTORS = Path(__file__).parent / "lite0.npz"
SIZES = ((2, 96, 160), (1, 224, 224))


@pytest.fixture(scope="module")
def backbone() -> Session:
    return Session(FILE.read_bytes(), FILE.name)


def picture(i: int) -> np.ndarray:
    """As the script that wrote the vectors made them."""
    n, h, w = SIZES[i]
    rng = np.random.Generator(np.random.Philox(key=[2026, i]))
    coarse = rng.standard_normal((n, 3, h // 32, w // 32)).repeat(32, axis=2).repeat(32, axis=3)
    return (coarse + 0.5 * rng.standard_normal((n, 3, h, w))).astype(np.float32)


@pytest.mark.parametrize("i", range(len(SIZES)))
def test_every_tap_is_what_the_published_net_gave_in_torch(backbone, i):
    taps = backbone.run({"image": picture(i)})
    with np.load(VECTORS) as vectors:
        for name in TAPS:
            expected = vectors[f"{name}_{i}"]
            at = [0, 1, -2, -1] if expected.shape[-1] > 1 else [0]
            got = taps[name][0][:, at][:, :, at]
            assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max(), name


def test_every_tap_has_its_channels_and_stride(backbone):
    taps = backbone.run({"image": np.zeros((3, 3, 64, 96), np.float32)})
    assert {name: tap.shape[1] for name, tap in taps.items()} == TAPS
    assert taps["stride4"].shape[2:] == (16, 24)
    assert taps["stride16"].shape == (3, 112, 4, 6)


def test_a_picture_in_a_batch_is_what_it_is_alone(backbone):
    both = picture(0)
    together, alone = backbone.run({"image": both}), backbone.run({"image": both[1:]})
    for name in TAPS:
        assert np.allclose(together[name][1:], alone[name], atol=1e-4)


def test_the_layout_is_the_published_one():
    convs = list(layout())
    assert len(convs) == 49
    weights = sum(c.kernel**2 * (1 if c.depthwise else c.channels_in) * c.channels_out for c in convs)
    assert 3.2e6 < weights < 3.4e6
    assert MULTIPLE == np.prod([c.stride for c in convs])


def test_the_file_says_where_it_comes_from_and_no_path_of_a_machine(backbone):
    assert backbone.metadata["licence"] == "Apache-2.0"
    assert "ImageNet" in backbone.metadata["origin"]
    data = FILE.read_bytes()
    assert len(data) < 25e6
    assert b"/home/" not in data and b"site-packages" not in data and b"/tmp/" not in data


def test_the_file_at_hand_is_what_torch_computes_from_its_weights(backbone):
    torch = pytest.importorskip("torch")
    import onnx
    from onnx import numpy_helper

    from vision.torch_nets import Lite0

    torch.set_num_threads(1)
    model = onnx.load(FILE)
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = [(values[n.input[1]], values[n.input[2]]) for n in model.graph.node if n.op_type == "Conv"]
    with torch.no_grad():
        expected = Lite0(weights).eval()(torch.from_numpy(picture(1)))
    got = backbone.run({"image": picture(1)})
    for name in TAPS:
        assert np.abs(got[name] - expected[name].numpy()).max() <= 1e-4 * np.abs(got[name]).max(), name
