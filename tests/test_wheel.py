"""The wheel carries models and scenarios and works from an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return next(folder.glob("steel_testbed-*.whl"))


def test_it_holds_code_models_scenarios_and_licence_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    packages = {"anomaly", "connectors", "edge", "scenarios", "testbed", "vision"}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages
    for wanted in (
        "edge/models/sticker.onnx",
        "edge/models/surface-cls.onnx",
        "vision/models/lite0.onnx",
        "scenarios/showcase.py",
        "connectors/translations/ko.json",
        "connectors/translations/ko_words.json",
        "testbed/money.toml",
    ):
        assert wanted in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_runs_the_showcase_from_an_empty_folder(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from testbed.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "run", "showcase", "--speed", "max", "--json"],
        cwd=empty, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faults"][0]["detected"]
    assert list(empty.iterdir()) == []
