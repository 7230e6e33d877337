"""The finishing mill of a hot strip mill: seven stands, loopers between them, from the head of a coil to its tail."""

from testbed.hotmill.unit import HotMill

__all__ = ["HotMill"]
