"""One strip, many cameras: hot and cold, bright and dark field, fine and coarse pixels, and no period anywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from connectors.errors import InputError
from testbed.noise import stream
from testbed.strip.marks import ACROSS, CLASSES, UNIT, Stamp, stamp
from testbed.strip.optics import DARK, seen
from testbed.strip.render import Placed, Strip
from testbed.strip.texture import Texture, Wander
from testbed.strip.view import View

VIEWS = [View(surface=surface, field=field) for surface in ("hot", "cold") for field in ("bright", "dark")]
COARSE = View(surface="cold", pixel_mm=1.0, smear_mm=3.0)
HOLE = Placed("hole", 3001, 1203, stamp("hole", stream(8, "hole")))


@pytest.mark.parametrize("view", [*VIEWS, View(pixel_mm=1.0)], ids=lambda v: f"{v.surface}-{v.field}-{v.pixel_mm:g}")
def test_the_texture_shows_no_period_and_no_dip_of_variance(view: View):
    """At any lag from 0.3 to 3 m a line is as good as foreign, also where one repeat gives way to the next."""
    n, k = int(20_000 * view.scale), view.scale
    rows = Texture(10_001, "C1", view).render(0, n)[:, int(100 * k) : -int(100 * k)].astype(np.float32)
    rows -= rows.mean(axis=0)  # the mean across the width: lamp, bands, edges
    rows -= rows.mean(axis=1, keepdims=True)  # the exposure's drift
    power = np.abs(np.fft.rfft(rows[:, ::8], 2 * n, axis=0)) ** 2
    lags = int(3.0 * view.lines_per_m)
    alike = np.fft.irfft(power.sum(axis=1))[: lags + 1] / np.arange(n, n - lags - 1, -1)
    assert alike[int(0.3 * view.lines_per_m) :].max() <= 0.1 * alike[0]
    spread = np.convolve(rows.var(axis=1), np.full(int(64 * k), 1 / int(64 * k)), "valid")
    assert spread.min() > 0.75 * spread.mean()


def test_any_camera_sees_the_same_pixels_however_frames_are_cut():
    marks = [Placed("sliver", 300, 400, stamp("sliver", stream(8, "s"))), HOLE]
    strip = Strip(8, "C1", marks, COARSE)
    whole = strip.render(100, 1500)
    cuts = [1, 16, 333, 650, 500]
    pieces = [strip.render(100 + sum(cuts[:i]), n) for i, n in enumerate(cuts)]
    assert np.array_equal(np.vstack(pieces), whole)
    again = np.empty_like(whole)
    assert Strip(8, "C1", marks, COARSE).render(100, 1500, again) is again
    assert np.array_equal(again, whole)


def test_another_process_renders_the_same_bytes():
    """With another hash seed, another number of threads and other blocks."""
    program = (
        "import sys, hashlib, cv2; cv2.setNumThreads(int(sys.argv[1]))\n"
        "from testbed.strip.render import Strip; from testbed.strip.view import View\n"
        "strip, n = Strip(8, 'C1', (), View(surface='cold')), int(sys.argv[2])\n"
        "told = hashlib.sha256()\n"
        "for first in range(0, 960, n): told.update(strip.render(first, n).tobytes())\n"
        "print(told.hexdigest())"
    )
    here = hashlib.sha256(Strip(8, "C1", (), View(surface="cold")).render(0, 960).tobytes()).hexdigest()
    for threads, block, hashed in (("1", "96", "1"), ("2", "320", "77")):
        call = [sys.executable, "-c", program, threads, block]
        environment = {"PYTHONHASHSEED": hashed, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": ":".join(sys.path)}
        assert subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout.strip() == here


def test_a_mask_holds_what_the_boxes_hold():
    rng = stream(8, "masks")
    for label in CLASSES:
        mark = Placed(label, 50, 30 if label in ACROSS else 700, stamp(label, rng))
        x1, y1, x2, y2 = mark.box
        mask = Strip(8, "C1", [mark]).mask(y1 - 10, y2 - y1 + 20)
        assert set(np.unique(mask)) == {0, 1 + CLASSES.index(label)}
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (10, y2 - y1 + 10, x1, x2), label


@pytest.mark.parametrize("pixel_mm", [0.25, 0.4, 0.5, 0.75, 1.0])
def test_a_mark_lies_at_the_same_metres_for_every_camera(pixel_mm: float):
    view = View(pixel_mm=pixel_mm)
    mask = Strip(8, "C1", [HOLE], view).mask(0, int(1.8 * view.lines_per_m)) > 0
    y, x = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    seen_at = np.array([y[0], y[-1] + 1, x[0], x[-1] + 1]) * pixel_mm
    x1, y1, x2, y2 = HOLE.box
    assert np.abs(seen_at - np.array([y1, y2, x1, x2]) * 0.5).max() <= 1.1 * max(pixel_mm, 0.5)


def test_speed_smears_along_the_strip_and_not_across():
    gain = np.full((31, 31), UNIT, np.int32)
    gain[15, 15] = 0
    look, line, column = seen("pits", Stamp(gain, (15, 15, 16, 16)), 100, 100, View(smear_mm=4.0))
    change = UNIT - look.gain
    assert change.sum() == pytest.approx(UNIT, abs=8)  # rounded line by line
    assert np.flatnonzero(change.any(axis=0)).tolist() == [115 - column]
    rows = np.flatnonzero(change.any(axis=1)) + line
    assert (rows[0], rows[-1]) == (115 - 4, 115 + 4)  # 4 mm are eight lines


def test_in_dark_field_grooves_shine_and_stains_are_gone():
    rng = stream(8, "dark")
    dark = View(field="dark")
    assert set(DARK) == set(CLASSES)
    change = {}
    for label in ("scratch", "oil_stain", "pits"):
        look = stamp(label, rng)
        bright, shown = look.gain / UNIT - 1, seen(label, look, 0, 0, dark)[0].gain / UNIT - 1
        change[label] = (np.abs(bright).max(), shown.max(), shown.min())
    assert change["scratch"][1] > 0.8
    assert max(change["oil_stain"][1], -change["oil_stain"][2]) < 0.5 * change["oil_stain"][0]
    assert change["pits"][1] > 0.15 and change["pits"][2] < -0.2  # a bright rim about a dark dot


def test_the_edges_move_the_same_for_every_camera():
    fine, coarse = Wander(8, "C1"), Wander(8, "C1", View(pixel_mm=1.0))
    moved = [(fine.edges(2 * chunk)[0] / 2, coarse.edges(chunk)[0]) for chunk in range(0, 4000, 50)]
    assert max(abs(a - b) for a, b in moved) <= 1
    assert len({b for _, b in moved}) >= 3


@pytest.mark.parametrize("wrong", [{"surface": "warm"}, {"field": "grey"}, {"pixel_mm": 0.1}, {"smear_mm": -1.0}])
def test_a_view_that_no_camera_has_is_refused(wrong):
    with pytest.raises(InputError, match="but got"):
        View(**wrong)
