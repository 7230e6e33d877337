"""The last stand of a hot strip mill: rolling force, gaugemeter control, sensors, faults and look-alikes."""

from testbed.mill.unit import Mill

__all__ = ["Mill"]
