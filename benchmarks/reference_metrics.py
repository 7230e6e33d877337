"""Our figures of merit beside their authors' code, on series and pictures drawn here.

    python -m venv /tmp/reference && /tmp/reference/bin/pip install numpy scikit-learn onnx onnxruntime
    /tmp/reference/bin/pip download --no-deps TSB-AD -d /tmp/reference
    unzip /tmp/reference/TSB_AD-*.whl -d /tmp/reference
    PYTHONPATH=.:/tmp/reference /tmp/reference/bin/python benchmarks/reference_metrics.py --out tests/data/metrics.json

VUS-PR and affiliation are held against TSB-AD 1.5 (Apache-2.0), the others against scikit-learn 1.9. The series and
what the authors' code says of them are written to a small file that the tests read; the last line is one JSON object
with the largest difference of each figure.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.metrics import Points, affiliation_f1, vus_pr
from vision.metrics import accuracy, auroc, macro_f1

BUFFER = 20


def series(seed: int) -> dict[str, list]:
    """A truth, a score that knows something of it, and an alarm, of one length."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 160))
    truth = np.zeros(n, int)
    for _ in range(int(rng.integers(1, 5))):
        at, long = int(rng.integers(0, n - 10)), int(rng.integers(1, 14))
        truth[at : at + long] = 1
    truth[int(rng.integers(0, n))] = 0
    noise = rng.standard_normal(n)
    score = np.round(np.convolve(truth, np.ones(5) / 5, "same") + 0.4 * noise, int(rng.integers(1, 4)))
    return {"truth": truth.tolist(), "score": score.tolist(), "alarm": (score > 0.6).astype(int).tolist()}


def classes(seed: int) -> dict[str, list]:
    """Names of classes as they are and as they were said."""
    rng = np.random.default_rng(seed)
    names = np.array(["scale", "scratch", "roll mark", "none"])
    truth = rng.choice(4, 50, p=[0.5, 0.3, 0.15, 0.05])
    said = np.where(rng.random(50) < 0.7, truth, rng.choice(4, 50))
    return {"truth": names[truth].tolist(), "said": names[said].tolist()}


def of_authors(drawn: dict[str, list]) -> dict[str, float]:
    """What the authors' code says of a series."""
    from sklearn.metrics import f1_score, roc_auc_score
    from TSB_AD.evaluation.basic_metrics import basic_metricor, generate_curve  # pyright: ignore

    truth, score, alarm = (np.array(drawn[key]) for key in ("truth", "score", "alarm"))
    found: dict[str, float] = {
        "vus_pr": generate_curve(truth, score.astype(float), BUFFER)[-1],
        "f1": f1_score(truth, alarm),
        "auroc": roc_auc_score(truth, score),
    }
    if alarm.any():
        found["affiliation_f1"] = basic_metricor().metric_Affiliation(truth, score, alarm)
    return {name: float(value) for name, value in found.items()}


def of_ours(drawn: dict[str, list]) -> dict[str, float | None]:
    """What we say of it."""
    truth, score, alarm = (np.array(drawn[key]) for key in ("truth", "score", "alarm"))
    return {
        "vus_pr": vus_pr(truth, score, BUFFER),
        "f1": Points.of(truth, alarm).f1,
        "auroc": auroc(truth, score),
        "affiliation_f1": affiliation_f1(truth, alarm),
    }


def cases() -> dict[str, list[dict[str, Any]]]:
    """Everything drawn, with what the authors' code says of it."""
    from sklearn.metrics import accuracy_score, f1_score

    drawn = [series(seed) for seed in range(12)]
    named = [classes(seed) for seed in range(3)]
    return {
        "series": [{**one, "expected": of_authors(one)} for one in drawn if 0 < sum(one["truth"])],
        "classes": [
            {**one, "expected": {"accuracy": float(accuracy_score(one["truth"], one["said"])),
                                 "macro_f1": float(f1_score(one["truth"], one["said"], average="macro"))}}
            for one in named
        ],
    }  # fmt: skip


def differences(found: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """The largest difference of each figure."""
    worst: dict[str, float] = {}
    for case in found["series"]:
        ours: dict[str, float | None] = of_ours(case)
        for name, value in case["expected"].items():
            worst[name] = max(worst.get(name, 0.0), abs((ours[name] or 0.0) - value))
    for case in found["classes"]:
        both = {"accuracy": accuracy(case["truth"], case["said"]), "macro_f1": macro_f1(case["truth"], case["said"])}
        for name, value in case["expected"].items():
            worst[name] = max(worst.get(name, 0.0), abs(both[name] - value))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the tests read them")
    parser.add_argument("--json", action="store_true", help="the last line alone; there is no other")
    asked = parser.parse_args()
    found = cases()
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(json.dumps(differences(found)))


if __name__ == "__main__":
    main()
