"""The models of the strip camera, fitted on rendered strips whose textures no scenario is scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from connectors.pictures import resized
from edge.model import OnnxModel
from edge.regions import CROP, regions
from edge.surface import PLACE, strip_edges
from edge.tiles import MARGIN, TILE
from testbed.strip.samples import CELL, HARMLESS, NO_DEFECT, crops, sound
from testbed.strip.view import View
from vision import classify, patch

FITTED, CALIBRATED = range(10_000, 10_024), range(10_100, 10_130)
NAMED, SUSPECTED = range(10_400, 10_440), range(10_500, 10_540)
# Tiles of sound strip, of which one may reach the alarm level. On hot strip the classifier looks at what is marked, so
# that much may be marked; it knows no cold strip, where what is marked is told.
PICTURES_PER_ALARM = {"hot": 2.0, "cold": 1000.0}
PATCHES = {"hot": "strip-surface-patch", "cold": "strip-cold-patch"}
SUSPECT = 0.8  # of the alarm level: what of sound strip the classifier learns to call so
Progress = Callable[[str, int, int], None]


def surface_patch(progress: Progress = lambda what, done, of: None, surface: str = "hot") -> bytes:
    """What stands out on a tile of strip: `strip-surface-patch` of hot strip, `strip-cold-patch` of cold strip.

    Fitted on FITTED, calibrated on CALIBRATED.
    """
    view = View(surface=surface)
    notes = {
        "name": PATCHES[surface],
        "place": PLACE,
        "severity": 600,
        "advice": "look-at-crop",
        "origin": f"rendered {surface} strip, testbed/strip/fitting.py",
        "training": {"seeds": f"{FITTED[0]}-{FITTED[-1]}", "calibrated_on": f"{CALIBRATED[0]}-{CALIBRATED[-1]}"},
    }
    tiles = sound(CALIBRATED, 2, TILE + 2 * MARGIN, view)
    return patch.fit(sound(FITTED, 2, view=view), tiles, PICTURES_PER_ALARM[surface], patch.STRIP, notes, progress)


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


def suspected(finder: bytes) -> Iterator[np.ndarray]:
    """Crops uint8 (CROP, CROP) of what a finder all but marks on sound strip."""
    model = OnnxModel(finder, "finder")
    for image in sound(SUSPECTED, 1, TILE + 2 * MARGIN):
        levels = model.session.run({"image": image[None, :, :, None]})["map"][0] / SUSPECT
        left, right = strip_edges(image)
        levels[:, : left // CELL + 1] = levels[:, right // CELL :] = 0
        for region in regions(image, levels, CELL, (MARGIN, MARGIN + TILE), 0)[:20]:
            yield resized(region.crop, CROP, CROP)
