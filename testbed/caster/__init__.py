"""A slab caster's mould: physics, sensors, faults and look-alikes (domain: continuous casting)."""

from testbed.caster.unit import Caster

__all__ = ["Caster"]
