"""The score of the Numenta Anomaly Benchmark beside its authors' code, on series drawn here.

    python -m venv /tmp/reference && /tmp/reference/bin/pip install numpy onnx onnxruntime
    git clone https://github.com/numenta/NAB /tmp/reference/NAB && git -C /tmp/reference/NAB checkout ea702d7
    PYTHONPATH=.:/tmp/reference/NAB /tmp/reference/bin/python benchmarks/reference_nab.py --out tests/data/nab.json

`nab/sweeper.py` (MIT) needs nothing else. Where GitHub cannot be reached, PyPI's tsadmetrics 1.0.16 (GPL, not installed
with this project) carries that file as tsadmetrics/utils/functions_nabscore.py, unchanged for windows of two rows and
more: `pip download --no-deps tsadmetrics`, unzip, `--sweeper PATH/functions_nabscore.py`. The series, and what the
authors' code says of them, are written to a small file that the tests read; the last line is one JSON object with the
largest difference.
"""

from __future__ import annotations

import argparse
import json
import types
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.nab_windows import learning_rows, nab_windows

COSTS = {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11}  # standard profile, config/profiles.json


def drawn(seed: int) -> dict[str, Any]:
    """Rows, windows as (first, last) row, and the rows at which something was said."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(200, 900)) if seed % 4 else int(rng.integers(5200, 6000))  # beyond MOST_ROWS now and then
    windows, at = [], int(rng.integers(0, rows // 4))
    for _ in range(int(rng.integers(0, 4))):
        last = at + int(rng.integers(1, rows // 8))
        if last >= rows:
            break
        windows.append([at, last])
        at = last + int(rng.integers(1, rows // 4))
    said = np.flatnonzero(rng.random(rows) < rng.choice([0.0, 0.005, 0.05]))
    return {"rows": rows, "windows": windows, "said": said.tolist()}


def of_authors(case: dict[str, Any], sweeper: Any) -> float:
    """Raw score by the authors' code, whose rows are their own times."""
    scores = np.zeros(case["rows"])
    scores[case["said"]] = 1.0
    windows = [tuple(window) for window in case["windows"]]
    points = sweeper.calcSweepScore(list(range(case["rows"])), scores.tolist(), windows, "drawn")
    by_threshold = {row.threshold: row.score for row in sweeper.calcScoreByThreshold(points)}
    return float(by_threshold.get(1.0, by_threshold[1.1]))  # nothing was said behind the rows that learn


def of_ours(case: dict[str, Any]) -> float:
    """Raw score by ours."""
    said = np.zeros(case["rows"])
    said[case["said"]] = 1.0
    windows = [(first, last) for first, last in case["windows"]]
    return nab_windows(windows, said, learning_rows(case["rows"])).points


def their_class(path: Path | None) -> Any:
    """The authors' Sweeper, from an installed clone or from one file."""
    if path is None:
        from nab.sweeper import Sweeper  # pyright: ignore

        return Sweeper
    code = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("from ."))
    module = types.ModuleType("sweeper")
    exec(compile(code, str(path), "exec"), module.__dict__)  # noqa: S102 - the file that was named
    return module.Sweeper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the tests read them")
    parser.add_argument("--sweeper", type=Path, help="a file with the authors' Sweeper; default an installed clone")
    parser.add_argument("--json", action="store_true", help="the last line alone; there is no other")
    asked = parser.parse_args()
    sweeper = their_class(asked.sweeper)(probationPercent=0.15, costMatrix=COSTS)
    cases = [drawn(seed) for seed in range(24)]
    for case in cases:
        case["expected"] = of_authors(case, sweeper)
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="utf-8")
    print(json.dumps({"nab": max(abs(of_ours(case) - case["expected"]) for case in cases)}))


if __name__ == "__main__":
    main()
