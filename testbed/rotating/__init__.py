"""Rotating equipment of a steelworks, looked at snapshot by snapshot over weeks."""

from testbed.rotating.unit import Rotating, RotatingPlant

__all__ = ["Rotating", "RotatingPlant"]
