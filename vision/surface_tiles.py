"""surface-learned for tiles of strip: parts of tiles in which every defect is known teach what is one and what is not.

The net is that of vision/surface.py. Here pictures keep their light, since a tile holds what lies beside the strip as
well, and the alarm level rests on tiles that show everything harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.graph import with_golden
from anomaly.with_torch import with_torch
from edge.session import Session
from vision.backbone import FROZEN
from vision.calibrate import Level, level
from vision.features import drawn
from vision.lite0 import MULTIPLE
from vision.patch import image_input
from vision.plan import Plan, Progress
from vision.surface import digest_of
from vision.surface_augment import Masked
from vision.surface_graph import LEVELS, SHRUNK, STRIDE, WIDTH, Weights, logit, tiles

PLAN = Plan(side=256, epochs=8)
GAIN, OFFSET, NOISE = (0.85, 1.18), 8.0, 3.0  # of light and camera, grey levels: judgement
GOLDEN = 128  # px, side of the golden picture


def fit(
    learned: Sequence[Masked], calibration: Iterable[np.ndarray], tiles_per_alarm: float = 1000.0, plan: Plan = PLAN,
    checkpoint: Path | None = None, notes: dict[str, Any] | None = None,
    progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file that maps what is wrong in tiles uint8 (n, h, w, 1) of any size.

    Args:
        learned: parts of tiles, shrunk by SHRUNK to (side, side), with their masks.
        calibration: other tiles without a defect, uint8 (h, w), on which the alarm level rests.
        tiles_per_alarm: of tiles without a defect, one in so many may reach the alarm level.
        plan: how long, with which seed.
        checkpoint: file that keeps each epoch's end, see `vision.surface.fit`.
        notes: more for the card: name, licence, origin, training.
        progress: told what is being done, how far, of how many.

    Raises InputError for a checkpoint of another training, or where PyTorch is not installed.
    """
    digest = digest_of(learned)
    run = {"kind": "surface-tiles", "side": plan.side, "seed": plan.seed, "data_sha256": digest}
    weights, losses = with_torch("vision.torch_surface").learn(learned, plan, run, checkpoint, progress, batches)
    found = _level(weights, calibration, tiles_per_alarm, progress)
    training = {
        "parts": len(learned), "with_defects": sum(not sample.sound for sample in learned), "epochs": plan.epochs,
        "seed": plan.seed, "data_sha256": digest, "loss": [round(losses[0], 4), round(losses[-1], 4)],
    }  # fmt: skip
    told = notes or {}
    card = {**_card(found, tiles_per_alarm), **told, "training": {**training, **told.get("training", {})}}
    golden = [{"image": drawn(GOLDEN, GOLDEN)[None, :, :, None]}]
    data = with_golden(tiles(weights, found.value).model(card), golden)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return data


def batches(samples: Sequence[Masked], plan: Plan, epoch: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """An epoch's parts of tiles mirrored and lit anew, float32 (size, 1, side, side), and masks (size, side, side)."""
    rng = np.random.Generator(np.random.Philox(key=[plan.seed, epoch]))
    order = rng.permutation(len(samples))
    for start in range(0, len(samples) - size + 1, size):
        made = [_varied(samples[int(i)], rng) for i in order[start : start + size]]
        yield np.stack([m.image for m in made])[:, None], np.stack([m.mask for m in made])


def _varied(sample: Masked, rng: np.random.Generator) -> Masked:
    turn = (slice(None, None, int(rng.choice((1, -1)))), slice(None, None, int(rng.choice((1, -1)))))
    levels = sample.image[turn].astype(np.float32) * rng.uniform(*GAIN) + rng.uniform(-OFFSET, OFFSET)
    levels += rng.uniform(0.0, NOISE) * rng.standard_normal(levels.shape, np.float32)
    return Masked(levels.clip(0, 255).astype(np.float32), np.ascontiguousarray(sample.mask[turn], np.float32))


def _level(weights: Weights, calibration: Iterable[np.ndarray], per_alarm: float, progress: Progress) -> Level:
    """The logit that one tile without a defect in so many reaches somewhere."""
    bare, worst = Session(tiles(weights, 0.0).plain({}), "surface-learned"), []
    for i, tile in enumerate(calibration):
        progress("calibrate", i, 0)
        worst.append(float(logit(bare.run({"image": tile[None, :, :, None]})["score"][0])))
    return level(worst, per_alarm)


def _card(found: Level, tiles_per_alarm: float) -> dict[str, Any]:
    return {
        "name": "surface-learned",
        "kind": "surface-learned",
        "task": "anomaly.image",
        "condition": "surface",
        "severity": 400,
        "supervision": "masks",
        "knows_edges": True,
        "inputs": [image_input(["n", "h", "w", 1], MULTIPLE * SHRUNK)],
        "outputs": [{"name": "map", "role": "map"}, {"name": "score", "role": "score"}],
        "stride": STRIDE * SHRUNK,
        "threshold": found.value,
        "alarm": {"k": 1, "n": 1},
        "choices": {"shrink": SHRUNK, "width": WIDTH, "blocks": list(LEVELS), "frozen_blocks": FROZEN + 1},
        "calibration": found.told(tiles_per_alarm),
        "baseline": "mean-grey",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }  # fmt: skip
