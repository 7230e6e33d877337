"""The whole works as one plant: caster, hot mill, run-out table, cold mill, and the genealogy that joins them."""

from testbed.works.unit import Works

__all__ = ["Works"]
