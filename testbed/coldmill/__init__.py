"""A five-stand tandem cold mill: rolling, chatter as waveform, welds, gauge control, sensors, faults, look-alikes."""

from testbed.coldmill.unit import ColdMill

__all__ = ["ColdMill"]
