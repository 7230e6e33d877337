"""Foreign model files by their real exporters. Run by the Python of an environment that has them: export.py DIR.

Prints one JSON object: the files it wrote, and why it could not write others. Weights are random or fitted on noise:
what is shown is that a file is understood and runs, not that it is good.
"""

# ruff: noqa: S101
from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
COLUMNS = ["LVL_PV", "STP_POS", "V_CAST", "TD_WT"]  # tags of the caster


def rows(n=600, seed=10_000):
    import numpy as np

    return np.random.default_rng(seed).normal(size=(n, len(COLUMNS))).astype(np.float32)


def sk(model, out, inputs=None, **options):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    types = inputs or [("X", FloatTensorType([None, len(COLUMNS)]))]
    proto = to_onnx(model, initial_types=types, target_opset={"": 18, "ai.onnx.ml": 3}, **options)
    out.write_bytes(proto.SerializeToString())


def sk_isolation_forest(out):
    from sklearn.ensemble import IsolationForest

    sk(IsolationForest(n_estimators=50, random_state=1).fit(rows()), out)


def sk_one_class_svm(out):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import OneClassSVM

    sk(make_pipeline(StandardScaler(), OneClassSVM(nu=0.01)).fit(rows()), out)


def sk_classifier_by_columns(out):
    """One input a column, named as in the data frame, and ZipMap behind it."""
    import pandas as pd
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    frame = pd.DataFrame(rows(), columns=COLUMNS)
    labels = ["normal" if value < 1 else "sticker" for value in frame[COLUMNS[0]]]
    keep = ColumnTransformer([("keep", "passthrough", COLUMNS)])
    model = make_pipeline(keep, RandomForestClassifier(20, random_state=1)).fit(frame, labels)
    sk(model, out, [(name, FloatTensorType([None, 1])) for name in COLUMNS])


def sk_classifier_of_numbers(out):
    from sklearn.linear_model import LogisticRegression

    x = rows()
    model = LogisticRegression().fit(x, (x[:, 0] > 1).astype(int))
    sk(model, out, options={id(model): {"zipmap": False}})


def lightgbm_classifier(out):
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    x = rows()
    model = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, random_state=1).fit(x, (x[:, 1] > 1).astype(int))
    proto = convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, len(COLUMNS)]))], zipmap=True)
    out.write_bytes(proto.SerializeToString())


def rapidocr_detector(out):
    import rapidocr

    found = sorted((Path(rapidocr.__file__).parent / "models").glob("*det*.onnx"))
    shutil.copy(found[0], out)


def rapidocr_angle(out):
    import rapidocr

    found = sorted((Path(rapidocr.__file__).parent / "models").glob("*cls*.onnx"))
    shutil.copy(found[0], out)


def torch_export(model, example, out, **more):
    import torch

    torch.onnx.export(model.eval(), example, str(out), external_data=False, verbose=False, **more)


def import_torchvision():
    """timm and anomalib import it, and its wheel on PyPI needs CUDA for operators that neither calls: named here."""
    import re

    import torch

    for _ in range(60):
        try:
            import torchvision  # noqa: F401

            return
        except RuntimeError as error:
            missing = re.search(r"torchvision::(\w+) does not exist", str(error))
            if missing is None:
                raise
            torch.library.define(f"torchvision::{missing[1]}", "(Tensor x) -> Tensor")
            for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
                del sys.modules[name]


def timm_classifier(out):
    import_torchvision()
    import timm
    import torch

    torch.manual_seed(1)
    model = timm.create_model("mobilenetv3_small_050", pretrained=False, num_classes=6)
    torch_export(model, (torch.zeros(1, 3, 224, 224),), out, dynamic_shapes=({0: "batch"},))


def torch_conv_autoencoder(out):
    import torch
    from torch import nn

    torch.manual_seed(1)
    k = len(COLUMNS)
    model = nn.Sequential(
        nn.Conv1d(k, 16, 5, 2, 2), nn.ReLU(), nn.ConvTranspose1d(16, k, 4, 2, 1),
    )  # fmt: skip
    torch_export(model, (torch.zeros(1, k, 64),), out, dynamic_shapes=({0: "batch"},))


def torch_lstm_autoencoder(out):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, k):
            super().__init__()
            self.inner, self.outer = nn.LSTM(k, 8, batch_first=True), nn.Linear(8, k)

        def forward(self, x):
            return self.outer(self.inner(x)[0])

    torch.manual_seed(1)
    k = len(COLUMNS)
    torch_export(Net(k), (torch.zeros(1, 30, k),), out)


def torch_external(out):
    """The same net as above with its weights in a file beside it, as torch does by default."""
    import torch
    from torch import nn

    torch.manual_seed(1)
    k = len(COLUMNS)
    model = nn.Sequential(nn.Conv1d(k, 64, 5, 1, 2), nn.ReLU(), nn.Conv1d(64, k, 5, 1, 2)).eval()
    torch.onnx.export(model, (torch.zeros(1, k, 64),), str(out), external_data=True, verbose=False)
    assert out.with_name(out.name + ".data").is_file()


def ultralytics_yolo(out, name="yolo11n.yaml", size=320):
    from ultralytics import YOLO

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        file = YOLO(name).export(format="onnx", imgsz=size, simplify=False, verbose=False)
        shutil.copy(file, out)


def ultralytics_classifier(out):
    ultralytics_yolo(out, "yolo11n-cls.yaml", 224)


def anomalib_model(out):
    import_torchvision()
    import torch
    from anomalib.models import Padim

    torch.manual_seed(1)
    model = Padim(backbone="resnet18", layers=["layer1"], n_features=20, pre_trained=False)
    inner = model.model
    inner.train()
    with torch.no_grad():
        for _ in range(4):
            inner(torch.rand(8, 3, 256, 256))
        inner.fit()
        scores = inner.eval()(torch.rand(8, 3, 256, 256)).pred_score
    limits = {"image_min": scores.min() / 2, "image_max": scores.max() * 2, "_image_threshold": scores.max()}
    for name, value in limits.items():  # what its validation epoch would have written
        for own in (name, name.replace("image", "pixel")):
            getattr(model.post_processor, own).fill_(float(value))
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(model.to_onnx(Path(folder)))
        shutil.copy(file, out)
        for weights in file.parent.glob("*.data"):  # anomalib 2.7 leaves its weights beside the graph
            shutil.copy(weights, out.parent)


def torch_named_boxes(out):
    """Boxes, scores and labels in outputs of these names, with the size of the picture as an input of its own."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 6 + 4, 32, 32)

        def forward(self, images, orig_target_sizes):
            rows = self.a(images).flatten(2).transpose(1, 2)
            share, label = rows[..., :6].sigmoid().max(-1)
            low, high = rows[..., 6:8].sigmoid() / 2, 0.5 + rows[..., 8:].sigmoid() / 2
            boxes = torch.cat([low, high], -1) * orig_target_sizes.repeat(1, 2).unsqueeze(1)
            return label, boxes, share

    torch.manual_seed(1)
    torch_export(Net(), (torch.zeros(1, 3, 256, 256), torch.tensor([[256, 256]])), out,
                 input_names=["images", "orig_target_sizes"], output_names=["labels", "boxes", "scores"])  # fmt: skip


# -- of no kind that a rule knows ------------------------------------------------------------------------------


def unknown_regressor(out):
    from sklearn.linear_model import LinearRegression

    x = rows()
    sk(LinearRegression().fit(x, x[:, 0]), out)


def unknown_two_inputs(out):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 4, 3), nn.Linear(5, 4)

        def forward(self, picture, recipe):
            return self.a(picture).mean((2, 3)) + self.b(recipe)

    torch_export(Net(), (torch.zeros(1, 3, 64, 64), torch.zeros(1, 5)), out)


def unknown_segments(out):
    import torch
    from torch import nn

    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 5, 1))
    torch_export(model, (torch.zeros(1, 3, 64, 64),), out)


def unknown_forecast(out):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv1d(len(COLUMNS), 8, 3)

        def forward(self, x):
            return self.a(x).mean(2)[:, :3]

    torch_export(Net(), (torch.zeros(1, len(COLUMNS), 32),), out)


MADE = {
    name: function
    for name, function in list(globals().items())
    if callable(function) and name.split("_")[0] in
    ("sk", "lightgbm", "rapidocr", "timm", "torch", "ultralytics", "anomalib", "unknown")
    and name not in ("sk", "torch_export")
}  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 2:
        COLUMNS[:] = sys.argv[2].split(",")
    written, failed = [], {}
    here = os.getcwd()
    with open(os.devnull, "w") as nowhere:
        stdout, sys.stdout = sys.stdout, nowhere
        for name, function in MADE.items():
            try:
                function(folder / f"{name.replace('_', '-')}.onnx")
                written.append(name)
            except Exception as error:  # an exporter may raise anything; it is told
                failed[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
            os.chdir(here)
        sys.stdout = stdout
    print(json.dumps({"written": written, "failed": failed}))


if __name__ == "__main__":
    assert find_spec("skl2onnx"), "run me with the Python of an environment that has the exporters"
    main()
