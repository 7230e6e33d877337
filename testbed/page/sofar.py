"""What a run is worth while it goes on: saved, lost and spent by now, and what is still at stake."""

from __future__ import annotations

from testbed.assumptions import Assumptions, defaults
from testbed.match import Found, Match
from testbed.money import estimate
from testbed.page.meters import Meter, meter, ranged


def so_far(result: Match, now: int) -> Meter | None:
    """As `meter`, of what is decided at `now`, ns, with `stake`: what open faults lose if nobody warns in time.

    A fault is decided once an alarm has found it in time, or its deadline has passed.
    """
    begun = [one for one in result.found if one.truth.is_fault and one.truth.onset <= now]
    decided = [one for one in begun if _is_found(one) or now > one.truth.alert_deadline]
    still = [Found(one.truth) for one in begun if one not in decided]
    assumed = defaults()
    worth = meter({"money": estimate(decided, result.false_alarms, assumed)})
    open_ones = estimate(still, (), assumed)
    if worth is None and open_ones is None:
        return None
    worth = worth or meter({"money": _nothing(assumed)})
    stake = None if open_ones is None else ranged(open_ones["lost"], open_ones["currency"])
    return {**(worth or {}), "stake": stake}


def _is_found(one: Found) -> bool:
    return bool(one.events) and one.events[0].time <= one.truth.alert_deadline


def _nothing(assumed: Assumptions) -> dict[str, object]:
    """An estimate of nothing yet."""
    none = {"low": 0, "high": 0}
    return {"saved": none, "lost": none, "spent": none, "entries": [], "currency": assumed.currency,
            "assumptions": assumed.plain()}  # fmt: skip
