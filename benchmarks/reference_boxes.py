"""Our average precision of boxes beside COCO's own code, on boxes drawn here.

    python -m venv /tmp/coco && /tmp/coco/bin/pip install numpy pycocotools
    PYTHONPATH=. /tmp/coco/bin/python benchmarks/reference_boxes.py --out tests/data/boxes.json

The boxes and what pycocotools 2.0 says of them are written to a small file that the tests read; the last line is one
JSON object with the largest difference of each figure.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from pathlib import Path

import numpy as np

from vision.average_precision import average_precision

CLASSES = 3
SIZE = 200  # px, side of the pictures


def drawn(seed: int) -> dict[str, list]:
    """True boxes (x1 y1 x2 y2 class) and found ones (with confidence), of a few pictures; equal confidences occur."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for _ in range(int(rng.integers(2, 9))):
        corner = rng.uniform(0, SIZE - 60, (int(rng.integers(0, 6)), 2))
        real = np.column_stack(
            [corner, corner + rng.uniform(8, 60, corner.shape), rng.integers(0, CLASSES, len(corner))]
        )
        moved = np.repeat(real, rng.integers(0, 4, len(real)), axis=0)
        moved[:, :4] += rng.normal(0, 4, (len(moved), 4))
        moved[:, 2:4] = np.maximum(moved[:, 2:4], moved[:, :2] + 1)
        false = rng.uniform(0, SIZE - 50, (int(rng.integers(0, 5)), 2))
        false = np.column_stack([false, false + rng.uniform(5, 50, false.shape), rng.integers(0, CLASSES, len(false))])
        said = np.concatenate([moved, false])
        wrong = rng.random(len(said)) < 0.15
        said[wrong, 4] = rng.integers(0, CLASSES, int(wrong.sum()))
        sure = np.round(rng.uniform(0.05, 1, len(said)), int(rng.integers(1, 4)))
        truth.append(np.round(real, 3).tolist())
        found.append(np.round(np.column_stack([said[:, :4], sure, said[:, 4]]), 3).tolist())
    return {"truth": truth, "found": found}


def of_authors(made: dict[str, list]) -> list[list[float | None]]:
    """Average precision of each class at each overlap as COCO's code gives it; None for a class without a box."""
    from pycocotools.coco import COCO  # pyright: ignore[reportMissingImports]
    from pycocotools.cocoeval import COCOeval  # pyright: ignore[reportMissingImports]

    def flat(rows: list[list]) -> list[tuple[int, list[float]]]:
        return [(i + 1, row) for i, picture in enumerate(rows) for row in picture]

    def box(row: list[float]) -> list[float]:
        return [row[0], row[1], row[2] - row[0], row[3] - row[1]]

    with contextlib.redirect_stdout(io.StringIO()):
        gold = COCO()
        gold.dataset = {
            "images": [{"id": i + 1, "width": SIZE, "height": SIZE} for i in range(len(made["truth"]))],
            "categories": [{"id": k + 1, "name": str(k)} for k in range(CLASSES)],
            "annotations": [
                {"id": n + 1, "image_id": i, "category_id": int(row[4]) + 1, "bbox": box(row), "iscrowd": 0,
                 "area": box(row)[2] * box(row)[3]}
                for n, (i, row) in enumerate(flat(made["truth"]))
            ],
        }  # fmt: skip
        gold.createIndex()
        said = [
            {"image_id": i, "category_id": int(row[5]) + 1, "bbox": box(row), "score": row[4]}
            for i, row in flat(made["found"])
        ]
        judge = COCOeval(gold, gold.loadRes(said), "bbox")
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][:, :, :, 0, -1]  # overlaps, recalls, classes; all areas, 100 boxes
    return [
        [None if (p := precision[t, :, k]).max() < 0 else float(p.mean()) for t in range(10)] for k in range(CLASSES)
    ]


def ours(made: dict[str, list]) -> np.ndarray:
    """The same by vision/average_precision.py, float64 (CLASSES, 10), NaN for None."""
    truth = [np.array(rows, float).reshape(-1, 5) for rows in made["truth"]]
    found = [np.array(rows, float).reshape(-1, 6) for rows in made["found"]]
    return average_precision(truth, found, CLASSES)


def main() -> None:
    """Write the vectors and print the largest differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="the last line alone, as always")
    options = parser.parse_args()
    cases = []
    for seed in range(24):
        made = drawn(seed)
        if any(made["truth"]) and any(made["found"]):
            cases.append({**made, "precision": of_authors(made)})
    options.out.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    off = [np.abs(ours(case) - np.array(case["precision"], float)) for case in cases]
    print(json.dumps({"cases": len(cases), "map50": float(max(np.nanmax(o[:, 0]) for o in off)),
                      "map50_95": float(max(np.nanmax(o) for o in off))}))  # fmt: skip


if __name__ == "__main__":
    main()
