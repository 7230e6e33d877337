"""Which file a model's name means, and how it is bound to a plant: floor 1 knows it, and this floor calls it so."""

from __future__ import annotations

from edge.library import Chosen, choose, find, folders, listed, named

__all__ = ["Chosen", "choose", "find", "folders", "listed", "named"]
