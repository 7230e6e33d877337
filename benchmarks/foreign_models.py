"""Files of other makes, by their real exporters: each added in one command, or asked the open question, then run.

The exporters live in an environment of their own, made in a temporary folder unless --env names one to keep.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "foreign"
PACKAGES = ("skl2onnx", "scikit-learn", "pandas", "lightgbm", "onnxmltools", "rapidocr", "torch==2.13.0", "onnxscript",
            "torchvision", "timm", "ultralytics", "anomalib")  # fmt: skip
CASTER, STRIP = "caster-sticker", "strip-surface"  # scenarios that the files run in
ROW = "channels=LVL_PV,STP_POS,V_CAST,TD_WT"
NAMES = "labels=good,crack,hole,scale,scratch,pits"
ANSWERS = {  # what each file is told once it has asked, and where it runs; '' names no scenario: it raises no alarm
    "sk-isolation-forest": ([ROW], CASTER),
    "sk-one-class-svm": ([ROW], CASTER),
    "sk-classifier-by-columns": ([], CASTER),
    "sk-classifier-of-numbers": ([ROW, "normal=0"], CASTER),
    "lightgbm-classifier": ([ROW, "normal=0"], CASTER),
    "torch-conv-autoencoder": ([ROW, "rate_hz=1", "threshold=5e5"], CASTER),
    "torch-lstm-autoencoder": ([ROW, "rate_hz=1", "threshold=5e5"], CASTER),
    "torch-external": ([ROW, "rate_hz=1", "calibrate=scenario:caster-quiet", "seeds=10000-10001"], CASTER),
    "timm-classifier": ([NAMES], STRIP),
    "torch-named-boxes": ([NAMES, "confidence=0.74"], STRIP),
    "anomalib-model": ([], STRIP),
    "ultralytics-yolo": ([], STRIP),
    "ultralytics-classifier": ([], ""),
    "rapidocr-detector": (["size=640", "map=fetch_name_0", "threshold=0.3"], STRIP),
    "rapidocr-angle": (["size=48x192", "labels=0,180"], ""),
    "unknown-regressor": ([ROW, "score=variable", "threshold=0.3"], CASTER),
    "unknown-forecast": ([ROW, "rate_hz=1", "score=slice_1", "channel=1", "threshold=0.3"], CASTER),
    "unknown-segments": (["map=conv2d_1", "channel=2", "threshold=0.3"], STRIP),
    "unknown-two-inputs": (["fix.recipe=0", "labels=a,b,c,d"], ""),
}


def python_of(env: Path) -> Path:
    """The Python of the exporters' environment, made if it is not there."""
    python = env / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True, stdout=sys.stderr)
    return python


def models(*arguments: str) -> tuple[int, str, str]:
    """Status, output and errors of `testbed models …`, with nobody at a terminal."""
    from testbed.cli import run_cli

    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run_cli(["models", *arguments])
    finally:
        sys.stdin = stdin
    return status, out.getvalue(), err.getvalue()


def tried(file: Path, is_run: bool) -> dict[str, object]:
    """A file added without a word, else what it asked, and added with the answers; then run, if it shall be."""
    import testbed
    from connectors.errors import TestbedError

    settings, scenario = ANSWERS[file.stem]
    status, out, err = models("add", str(file), "--json")
    row: dict[str, object] = {
        "asked": [line for line in err.splitlines() if "--set" in line and not line.startswith(" ")]
    }
    if settings:
        options = [part for setting in settings for part in ("--set", setting)]
        status, out, err = models("add", str(file), "--json", *options)
    if status != 0:
        return {**row, "refused": err.strip()}
    added = json.loads(out)
    row |= {"kind": added["card"]["kind"], "p50_ms": added["p50_ms"], "p99_ms": added["p99_ms"]}
    if scenario and is_run:
        try:
            score = testbed.run(scenario, models=[file.stem], record="none").score
        except TestbedError as error:
            return {**row, "failed": str(error)}
        row |= {"scenario": scenario, "digest": score["digest"], "lost": score["samples"]["lost"]}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, help="folder of the exporters' environment, kept")
    parser.add_argument("--files", type=Path, help="folder of files that were exported before")
    parser.add_argument("--add-only", action="store_true", help="add them and run none of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files, failed = options.files, {}
        if files is None:
            files = Path(folder) / "files"
            python = python_of((options.env or Path(folder) / "env").absolute())
            told = subprocess.run([str(python), str(HERE / "export.py"), str(files)], check=True, capture_output=True)
            failed = json.loads(told.stdout.splitlines()[-1])["failed"]
        os.environ["TESTBED_HOME"] = str(Path(folder) / "home")
        rows = {}
        for file in sorted(files.glob("*.onnx")):
            if file.stem in ANSWERS:
                rows[file.stem] = tried(file, not options.add_only)
                print(
                    file.stem, json.dumps(rows[file.stem]), file=sys.stderr if options.json else sys.stdout, flush=True
                )
    ran = sum(row.get("digest") is not None for row in rows.values())
    print(json.dumps({"files": rows, "added": sum("kind" in row for row in rows.values()), "ran": ran,
                      "not_exported": failed}))  # fmt: skip


if __name__ == "__main__":
    main()
