"""Floor 2: models of signals, fitted and calibrated by numpy, each written as one ONNX file."""

from anomaly.calibrate import Budget, threshold
from anomaly.fit import fit
from anomaly.mspc import Mspc
from anomaly.spectrum import Spectrum, View
from anomaly.sticker import Sticker

__all__ = ["Budget", "Mspc", "Spectrum", "Sticker", "View", "fit", "threshold"]
