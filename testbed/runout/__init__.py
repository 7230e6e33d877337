"""Descaler, run-out table and coiler of a hot strip mill (domain: run-out table, descaling)."""

from testbed.runout.unit import RunOutTable

__all__ = ["RunOutTable"]
