"""How fast the models are on one core, and how much of what this core can do at all they use.

    python benchmarks/model_speed.py [FILE.onnx ...] [--json]

Every model that ships, and those of benchmarks/trained; or the files named. `p50_ms` and `p99_ms` are of one input at a
time; `mflop` counts two a multiply-add of convolutions, matrix products and Fourier transforms. `share` holds that
against a ceiling measured in the same run: a 3 × 3 convolution of 64 channels, and for models in INT8 a product of
8-bit matrices, both by the same runtime on one thread. Models of signals are small: there, calling costs more than
reckoning, and the share says so.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1]))

from connectors.clock import wall_s
from edge.model import SHIPPED, OnnxModel
from edge.session import Session, read_model
from edge.speed import first_feeds, speed

TRAINED = Path(__file__).parent / "trained"
COUNTED = ("Conv", "MatMul", "Gemm", "DFT")
SIDE, CHANNELS = 112, 64  # of the convolution
PRODUCT = 1024  # rows and columns of the 8-bit matrices
ROUNDS = 12


def operations(model: OnnxModel, data: bytes) -> tuple[float, bool]:
    """Floating-point or integer operations of one run, by the shapes it really has; whether they are 8-bit ones."""
    graph = onnx.load_from_string(data)
    nodes = [node for node in graph.graph.node if node.op_type in COUNTED]
    made = {name for node in graph.graph.node for name in node.output}
    constants = {t.name: numpy_helper.to_array(t).shape for t in graph.graph.initializer}
    wanted = sorted({name for node in nodes for name in (*node.input[:2], node.output[0]) if name in made})
    del graph.graph.output[:]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    feeds = first_feeds(model)
    seen = Session(graph.SerializeToString(), model.card.name).run(feeds) if wanted else {}
    shapes = constants | {name: x.shape for name, x in feeds.items()} | {name: x.shape for name, x in seen.items()}
    quantised = {name for node in graph.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    is_int8 = any(node.op_type == "Conv" and node.input[0] in quantised for node in nodes)
    return sum(_cost(node, shapes) for node in nodes), is_int8


def _cost(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> float:
    out = math.prod(shapes[node.output[0]])
    if node.op_type == "Conv":
        return 2.0 * out * math.prod(shapes[node.input[1]][1:])
    if node.op_type == "DFT":
        axis = max(shapes[node.input[0]])
        return 2.5 * math.prod(shapes[node.input[0]]) * math.log2(axis)  # of a real input, as FFTs are reckoned
    turned = node.op_type == "Gemm" and any(a.name == "transA" and a.i for a in node.attribute)
    return 2.0 * out * shapes[node.input[0]][-2 if turned else -1]


def _best(nodes: list[onnx.NodeProto], feeds: dict[str, np.ndarray], weights: dict[str, np.ndarray]) -> float:
    """Seconds of the fastest of ROUNDS runs of a small graph with output 'y'."""
    inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
              for n, x in feeds.items()]  # fmt: skip
    kind = TensorProto.INT32 if nodes[-1].op_type == "MatMulInteger" else TensorProto.FLOAT
    held = [numpy_helper.from_array(x, n) for n, x in weights.items()]
    graph = helper.make_graph(nodes, "ceiling", inputs, [helper.make_tensor_value_info("y", kind, None)], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = Session(model.SerializeToString(), "ceiling")
    spent = []
    for _ in range(ROUNDS):
        before = wall_s()
        session.run(feeds)
        spent.append(wall_s() - before)
    return min(spent)


def ceilings() -> dict[str, float]:
    """GFLOP/s of a convolution and GOP/s of an 8-bit product on one thread."""
    rng = np.random.default_rng(1)
    x = rng.random((1, CHANNELS, SIDE, SIDE), np.float32)
    w = rng.random((CHANNELS, CHANNELS, 3, 3), np.float32)
    conv = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    seconds = _best([conv], {"x": x}, {"w": w})
    a = rng.integers(0, 255, (PRODUCT, PRODUCT), np.uint8)
    b = rng.integers(-127, 127, (PRODUCT, PRODUCT), np.int8)
    integer = _best([helper.make_node("MatMulInteger", ["a", "b"], ["y"])], {"a": a}, {"b": b})
    return {
        "conv_gflop_s": round(2e-9 * CHANNELS * CHANNELS * 9 * SIDE * SIDE / seconds, 1),
        "int8_gop_s": round(2e-9 * PRODUCT**3 / integer, 1),
    }


def row(path: Path, limits: dict[str, float]) -> dict[str, Any]:
    """What one model takes."""
    data = read_model(path)
    model = OnnxModel(data, path.name)
    p50, p99 = speed(model)
    work, is_int8 = operations(model, data)
    ceiling = limits["int8_gop_s" if is_int8 else "conv_gflop_s"]
    share = work / (p50 * 1e-3) / (ceiling * 1e9)
    return {
        "model": path.stem, "kind": model.card.kind, "int8": is_int8, "mb": round(len(data) / 1e6, 2),
        "mflop": round(work / 1e6, 3), "p50_ms": p50, "p99_ms": p99, "share": round(share, 4),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="models of ours; default every one that ships")
    parser.add_argument("--json", action="store_true", help="the last line alone")
    asked = parser.parse_args()
    files = asked.files or [*sorted(SHIPPED.glob("*.onnx")), *sorted(TRAINED.glob("*.onnx"))]
    limits = ceilings()
    if not asked.json:
        print(f"one core: {limits['conv_gflop_s']} GFLOP/s of a convolution, {limits['int8_gop_s']} GOP/s of 8 bits\n\n"
              f"| model | kind | MB | MFLOP | p50 ms | p99 ms | share |\n{'|---' * 7}|")  # fmt: skip
    rows = []
    for path in files:
        one = row(path, limits)
        rows.append(one)
        if not asked.json:
            keys = ("model", "kind", "mb", "mflop", "p50_ms", "p99_ms", "share")
            print("| " + " | ".join(str(one[key]) for key in keys) + " |", flush=True)
    print(json.dumps({**limits, "models": rows}))


if __name__ == "__main__":
    main()
