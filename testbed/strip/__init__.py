"""The surface of a hot strip under a line-scan camera."""

from testbed.strip.unit import StripCamera

__all__ = ["StripCamera"]
