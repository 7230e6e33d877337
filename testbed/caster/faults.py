"""The faults of a slab caster by name: each begins with what the script leaves open drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.crack import longitudinal_crack
from testbed.caster.nozzle import clog_release, clogging
from testbed.caster.stickers import sticker
from testbed.caster.swing import bulging, stopper_stiction
from testbed.caster.trouble import Trouble
from testbed.caster.water import blocked_spray_nozzle, mould_water_loss
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

_BEGIN = {
    "sticker": sticker,
    "longitudinal_crack": longitudinal_crack,
    "sen_clogging": clogging,
    "clog_release": clog_release,
    "bulging": bulging,
    "stopper_stiction": stopper_stiction,
    "blocked_spray_nozzle": blocked_spray_nozzle,
    "mould_water_loss": mould_water_loss,
}
KINDS = tuple(_BEGIN)


def begin(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Trouble, Injection]:
    """The fault `name`, from now on. Raises InputError for a place or parameter that there is not."""
    return _BEGIN[name](plant, name, where, params, key, rng)
