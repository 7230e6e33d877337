"""The models of the strip camera, fitted on rendered strips whose textures no scenario is scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from connectors.pictures import resized
from edge.model import OnnxModel
from edge.regions import CROP, regions
from edge.surface import PLACE, strip_edges
from edge.tiles import MARGIN, TILE
from testbed.strip.coils import harmless, named, parts
from testbed.strip.marks import BENIGN
from testbed.strip.samples import CELL, HARMLESS, NO_DEFECT, crops, sound
from vision import classify, patch, surface_tiles

FITTED, CALIBRATED = range(10_000, 10_024), range(10_100, 10_130)
NAMED, SUSPECTED = range(10_400, 10_440), range(10_500, 10_540)
PICTURES_PER_ALARM = 2.0  # tiles of sound strip, of which one may be marked: the classifier looks at what is marked
SUSPECT = 0.8  # of the alarm level: what of sound strip the classifier learns to call so
LEARNED = {"hot": range(10_600, 10_616), "cold": range(10_600, 10_608)}  # coils with everything
SOUND = {"hot": range(10_700, 10_715), "cold": range(10_700, 10_715)}  # coils with what is harmless alone
NAMES = {"hot": range(10_800, 10_830), "cold": range(10_800, 10_815)}
TILES, TILES_PER_ALARM = 4, 1000.0  # of a sound coil; of such tiles, of which one may reach the alarm level
Progress = Callable[[str, int, int], None]


def surface_patch(progress: Progress = lambda what, done, of: None) -> bytes:
    """`strip-surface-patch`: what stands out on a tile of hot strip. Fitted on FITTED, calibrated on CALIBRATED."""
    notes = {
        "name": "strip-surface-patch",
        "place": PLACE,
        "severity": 600,
        "advice": "look-at-crop",
        "origin": "rendered hot strip, testbed/strip/fitting.py",
        "training": {"seeds": f"{FITTED[0]}-{FITTED[-1]}", "calibrated_on": f"{CALIBRATED[0]}-{CALIBRATED[-1]}"},
    }
    tiles = sound(CALIBRATED, 2, TILE + 2 * MARGIN)
    return patch.fit(sound(FITTED, 2), tiles, PICTURES_PER_ALARM, patch.STRIP, notes, progress)


def surface_cls(
    finder: bytes,
    real: Sequence[tuple[np.ndarray, str, str]] = (),
    progress: Progress = lambda what, done, of: None,
) -> bytes:
    """`surface-cls`: names crops of strip, rendered ones and `real` ones (picture, label, group).

    `finder` is a surface-patch model: what it marks on sound strip is learned as no defect.
    """
    rendered = [(image, label, f"{label}/{i}") for i, (image, label) in enumerate(crops(NAMED, 5))]
    false = [(image, NO_DEFECT, f"suspected/{i}") for i, image in enumerate(suspected(finder))]
    rows = [*rendered, *false, *real]
    notes = {
        "name": "surface-cls",
        "harmless": list(HARMLESS),
        "origin": "rendered hot strip, testbed/strip/fitting.py" + (", and X-SDD (Apache-2.0)" if real else ""),
        "training": {"seeds": f"{NAMED[0]}-{NAMED[-1]}, {SUSPECTED[0]}-{SUSPECTED[-1]}", "real_pictures": len(real)},
    }
    images, labels, groups = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    return classify.fit(images, labels, groups, notes, progress)


def strip_learned(progress: Progress = lambda what, done, of: None, checkpoint: Path | None = None) -> bytes:
    """`strip-learned`: every class of defect on hot and cold strip, learned from coils on which all is known."""
    learned = [part for surface, seeds in LEARNED.items() for part in parts(seeds, surface)]
    tiles = (tile for surface, seeds in SOUND.items() for tile in harmless(seeds, surface, TILES))
    notes = {
        "name": "strip-learned",
        "place": PLACE,
        "severity": 600,
        "advice": "look-at-crop",
        "origin": "rendered hot and cold strip, testbed/strip/fitting.py",
        "training": {"seeds": _told(LEARNED), "calibrated_on": _told(SOUND)},
    }
    return surface_tiles.fit(learned, tiles, TILES_PER_ALARM, checkpoint=checkpoint, notes=notes, progress=progress)


def strip_names(progress: Progress = lambda what, done, of: None) -> bytes:
    """`strip-names`: names crops of hot and cold strip by all classes."""
    rows = [(image, label, f"{surface}/{seed}") for surface, seeds in NAMES.items() for seed in seeds
            for image, label in named([seed], surface)]  # fmt: skip
    notes = {
        "name": "strip-names",
        "harmless": [*BENIGN, NO_DEFECT],
        "origin": "rendered hot and cold strip, testbed/strip/fitting.py",
        "training": {"seeds": _told(NAMES)},
    }
    images, labels, groups = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    return classify.fit(images, labels, groups, notes, progress)


def _told(seeds: Mapping[str, range]) -> str:
    return ", ".join(f"{some[0]}-{some[-1]}" for some in seeds.values())


def suspected(finder: bytes) -> Iterator[np.ndarray]:
    """Crops uint8 (CROP, CROP) of what a finder all but marks on sound strip."""
    model = OnnxModel(finder, "finder")
    for image in sound(SUSPECTED, 1, TILE + 2 * MARGIN):
        levels = model.session.run({"image": image[None, :, :, None]})["map"][0] / SUSPECT
        left, right = strip_edges(image)
        levels[:, : left // CELL + 1] = levels[:, right // CELL :] = 0
        for region in regions(image, levels, CELL, (MARGIN, MARGIN + TILE), 0)[:20]:
            yield resized(region.crop, CROP, CROP)
