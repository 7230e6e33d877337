"""An open industrial AI testbed for steel lines: stream, score, hand over.

>>> from testbed import Detect, Fault, Scenario
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testbed.benching import Bench, bench
    from testbed.caster import Caster
    from testbed.coldmill import ColdMill
    from testbed.cyber import Networked
    from testbed.hotmill import HotMill
    from testbed.mill import Mill
    from testbed.replaying import replay
    from testbed.rotating import Rotating
    from testbed.running import Run, run
    from testbed.runout import RunOutTable
    from testbed.scenario import Clean, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scatter, Scenario, SetPoint
    from testbed.strip import StripCamera
    from testbed.works import Works

_WHERE = {
    "Bench": "testbed.benching",
    "Caster": "testbed.caster",
    "Clean": "testbed.scenario",
    "ColdMill": "testbed.coldmill",
    "Detect": "testbed.scenario",
    "Draw": "testbed.scenario",
    "Fault": "testbed.scenario",
    "HotMill": "testbed.hotmill",
    "LookAlike": "testbed.scenario",
    "Mill": "testbed.mill",
    "Networked": "testbed.cyber",
    "Quiet": "testbed.scenario",
    "Respond": "testbed.scenario",
    "Rotating": "testbed.rotating",
    "Run": "testbed.running",
    "RunOutTable": "testbed.runout",
    "Scatter": "testbed.scenario",
    "Scenario": "testbed.scenario",
    "SetPoint": "testbed.scenario",
    "StripCamera": "testbed.strip",
    "Works": "testbed.works",
    "bench": "testbed.benching",
    "replay": "testbed.replaying",
    "run": "testbed.running",
}

__all__ = [
    "Bench",
    "Caster",
    "Clean",
    "ColdMill",
    "Detect",
    "Draw",
    "Fault",
    "HotMill",
    "LookAlike",
    "Mill",
    "Networked",
    "Quiet",
    "Respond",
    "Rotating",
    "Run",
    "RunOutTable",
    "Scatter",
    "Scenario",
    "SetPoint",
    "StripCamera",
    "Works",
    "bench",
    "replay",
    "run",
]


def __getattr__(name: str) -> Any:
    """Names are loaded when first used, so that `testbed --help` answers at once."""
    if name not in _WHERE:
        raise AttributeError(f"module 'testbed' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
