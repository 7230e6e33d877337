"""Pictures with masks as a surface model in training sees them: moved, lit anew, with defects of other pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.pictures import resized, warped
from vision.padim import BRIGHTNESS, CONTRAST, FAINT

# Ranges are judgement: a camera stands still and its lamp does not, and a part lies nearly as the last one did.
MOVED = 0.7  # share of pictures that are turned, zoomed and shifted
TURN = 6.0  # degrees, to either side
ZOOM = (-0.15, 0.25)  # logarithm of the factor
FREELY = (-0.3, 0.3)  # the same of a defect that is put elsewhere
STRETCH = 0.12  # logarithm of the factor by which width and height are zoomed apart
SHIFT = 0.06  # share of the side
SLOPE = 0.15  # of the light across the picture, standard deviation
GAMMA = 0.15  # logarithm, standard deviation
NOISE = 4.0  # grey levels, largest standard deviation
PASTED = 0.4  # share of sound pictures that get a defect of another
ASTRAY = 0.12  # share of the side, standard deviation of how far it lands from where it was
SOFT = 8  # px over which it fades into its new place
SEEN = 0.3  # share of a pixel under the mask from which on it counts


@dataclass(frozen=True, slots=True)
class Masked:
    """A picture uint8 (s, s), and the share of each pixel that is defect, float32 (s, s)."""

    image: np.ndarray
    mask: np.ndarray

    @property
    def sound(self) -> bool:
        """Nothing is wrong in it."""
        return not bool((self.mask > SEEN).any())


def even(image: np.ndarray) -> np.ndarray:
    """The picture with mean BRIGHTNESS and spread CONTRAST, float32: `padim.exposed` outside the graph."""
    off = image.astype(np.float32) - np.float32(image.mean())
    spread = max(float(np.sqrt((off * off).mean())), FAINT)
    return (off * np.float32(CONTRAST / spread) + np.float32(BRIGHTNESS)).clip(0, 255)


def varied(samples: Sequence[Masked], i: int, marked: Sequence[int], rng: np.random.Generator) -> Masked:
    """Sample `i` varied, its picture float32; where it is sound at times with a defect of one of `marked`."""
    sample = _mirrored(samples[i], rng)
    if samples[i].sound and len(marked) and rng.random() < PASTED:
        sample = _pasted(sample, samples[int(rng.choice(marked))], rng)
    if rng.random() < MOVED:
        sample = _moved(sample, _matrix(len(sample.image), rng, TURN, ZOOM, rng.uniform(-SHIFT, SHIFT, 2)))
    return Masked(even(_lit(sample.image.astype(np.float32), rng)), sample.mask)


def _mirrored(sample: Masked, rng: np.random.Generator) -> Masked:
    """One of four ways: what is drawn or rolled has a direction, so a picture is never laid on its side."""
    turn = (slice(None, None, int(rng.choice((1, -1)))), slice(None, None, int(rng.choice((1, -1)))))
    return Masked(np.ascontiguousarray(sample.image[turn]), np.ascontiguousarray(sample.mask[turn]))


def _matrix(
    side: int, rng: np.random.Generator, turn: float, zoom: tuple[float, float], shift: np.ndarray
) -> np.ndarray:
    """Turn, zoom and stretch about the middle, and a shift as a share of the side."""
    angle, size, stretch = np.deg2rad(rng.uniform(-turn, turn)), rng.uniform(*zoom), rng.uniform(-STRETCH, STRETCH)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    linear = np.diag(np.exp([size + stretch / 2, size - stretch / 2])) @ turned
    middle = np.full(2, side / 2)
    return np.column_stack([linear, middle - linear @ middle + shift * side]).astype(np.float32)


def _moved(sample: Masked, matrix: np.ndarray) -> Masked:
    size = sample.mask.shape
    return Masked(warped(sample.image, matrix, size, mirrored=True), warped(sample.mask, matrix, size, mirrored=True))


def _pasted(sample: Masked, other: Masked, rng: np.random.Generator) -> Masked:
    """The defect of the other picture, moved, in this one: its light that of the place it lands on."""
    there = _mirrored(Masked(even(other.image), other.mask), rng)
    there = _moved(there, _matrix(len(sample.image), rng, TURN, FREELY, rng.normal(0.0, ASTRAY, 2)))
    if there.sound:
        return sample
    here, share = even(sample.image), _faded(there.mask)
    around = (_faded(share) > 0) & (share < SEEN)
    lift = float((here[around] - there.image[around]).mean()) if around.any() else 0.0
    image = here + share * (there.image + np.float32(lift) - here)
    return Masked(image, np.maximum(sample.mask, there.mask))


def _faded(mask: np.ndarray) -> np.ndarray:
    """A mask that is whole where it was and fades over SOFT px around it."""
    small = [n // SOFT for n in mask.shape]
    return (SOFT * resized(resized(mask, *small), *mask.shape)).clip(0.0, 1.0)


def _lit(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Under another light, with another camera's noise."""
    across, down = (1.0 + rng.normal(0.0, SLOPE) * np.linspace(-0.5, 0.5, n) for n in image.shape[::-1])
    levels = (image * np.outer(down, across)).clip(0, 255) / 255
    levels = 255 * levels ** np.exp(rng.normal(0.0, GAMMA))
    return (levels + rng.uniform(0.0, NOISE) * rng.standard_normal(image.shape)).astype(np.float32)
