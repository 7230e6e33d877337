"""Attacks on the network between a plant and who watches it."""

from testbed.cyber.network import Networked, NetworkedPlant

__all__ = ["Networked", "NetworkedPlant"]
