"""Floor 2: models of signals, fitted and calibrated by numpy, each written as one ONNX file."""

from anomaly.calibrate import Budget, threshold
from anomaly.chatter import Chatter
from anomaly.fit import fit
from anomaly.mspc import Mspc
from anomaly.spectrum import Spectrum, View
from anomaly.sticker import Sticker
from anomaly.weld import Weld

__all__ = ["Budget", "Chatter", "Mspc", "Spectrum", "Sticker", "View", "Weld", "fit", "threshold"]
