"""What a vibration monitor makes of a snapshot: severity, envelope and peakedness."""

from __future__ import annotations

import numpy as np

from testbed.rotating.waveform import LENGTH, RATE

SEVERITY_HZ = (10.0, 1000.0)  # ISO 20816-3
ENVELOPE_HZ = (2000.0, 5200.0)  # where housings ring

_HZ = np.fft.rfftfreq(LENGTH, 1.0 / RATE)
_IN_SEVERITY = (_HZ >= SEVERITY_HZ[0]) & (_HZ <= SEVERITY_HZ[1])
_IN_ENVELOPE = (_HZ >= ENVELOPE_HZ[0]) & (_HZ <= ENVELOPE_HZ[1])


def features(acceleration: np.ndarray) -> np.ndarray:
    """mm/s RMS velocity in 10 … 1000 Hz, m/s2 RMS in the envelope's band, and the kurtosis there: float64 (3,).

    `acceleration` is m/s2, float64 (LENGTH,). A Hann window keeps slow swings from leaking into the velocity.
    """
    spectrum = np.fft.rfft(acceleration * _HANN)
    velocity = np.abs(spectrum[_IN_SEVERITY]) / (2.0 * np.pi * _HZ[_IN_SEVERITY])
    severity = 1e3 * np.sqrt(2.0 * np.sum(velocity**2) / (LENGTH * _POWER))
    band = np.fft.irfft(np.where(_IN_ENVELOPE, np.fft.rfft(acceleration), 0.0), LENGTH)
    square = band * band
    power = float(square.mean())
    return np.array([severity, np.sqrt(power), float((square * square).mean()) / max(power * power, 1e-12)])


_HANN = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(LENGTH) + 0.5) / LENGTH)
_POWER = float((_HANN**2).sum())
