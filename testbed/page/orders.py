"""What a page may ask for: each order by name, with its arguments and the role it needs; everything else is refused."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.page.access import Access, Visitor
from testbed.page.playing import Choice
from testbed.page.stage import Stage
from testbed.page.telling import stories

LONGEST = 200  # characters of a text
MOST_IDS = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for, checked."""

    do: str
    arguments: Mapping[str, Any]


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _ids(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_IDS and all(type(one) is int for one in value)


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and math.isfinite(value) and low <= value <= high


def _params(value: Any) -> bool:
    return (
        isinstance(value, dict) and len(value) <= 20
        and all(_text(k) and (_text(v) or _number(-1e12, 1e12)(v)) for k, v in value.items())
    )  # fmt: skip


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _s(value: Any) -> bool:
    return _number(0, 1e6)(value)


def _moment(value: Any) -> bool:
    """Seconds of the run, or None: the next alarm."""
    return value is None or _s(value)


Check = Callable[[Any], bool]
# name: (role, arguments with what fits)
ORDERS: dict[str, tuple[str, dict[str, Check]]] = {
    "start": ("operator", {"story": _text, "seed": _number(0, 999), "speed": _text, "ai": _flag, "begin": _s}),
    "reset": ("operator", {}),
    "hold": ("operator", {"held": _flag}),
    "speed": ("operator", {"speed": _text}),
    "forward": ("operator", {"to": _moment}),
    "acknowledge": ("operator", {"ids": _ids}),
    "shelve": ("operator", {"id": _number(1, 1e9), "minutes": _number(0.1, 24 * 60), "reason": _text, "by": _text}),
    "put_back": ("operator", {"id": _number(1, 1e9)}),
    "out_of_service": ("engineer", {"id": _number(1, 1e9), "reason": _text, "by": _text}),
    "inject": ("engineer", {"kind": _text, "where": _text, "severity": _text, "params": _params}),
}


MAY_LACK = (("start", "begin"),)


def read(told: Mapping[str, Any]) -> Order:
    """A checked order. Raises InputError if there is none such, or an argument is missing, foreign or does not fit."""
    do = told.get("do")
    if not isinstance(do, str) or do not in ORDERS:
        raise InputError(say("The page knows no order '{name}'.", name=str(do)[:40]) + nearest(str(do)[:40], ORDERS))
    wanted = ORDERS[do][1]
    given = {name: value for name, value in told.items() if name not in ("do", "n", "lang")}
    wrong = [name for name in (*wanted, *given) if name not in wanted or name not in given]
    wrong = [name for name in wrong if (do, name) not in MAY_LACK or name in given]
    wrong += [name for name in wanted if name in given and not wanted[name](given[name])]
    if wrong:
        raise InputError(say("'{order}' does not take this as '{name}'.", order=do, name=wrong[0][:40]))
    return Order(do, given)


async def carry_out(order: Order, stage: Stage, who: Visitor, access: Access) -> None:
    """Do it, once it is written down who asked for it. Raises InputError if they may not, or it does not fit."""
    role = ORDERS[order.do][0]
    if not who.may(role):
        why = say("'{name}' may look but not do this: it takes the role '{role}'.", name=who.name, role=role)
        access.note(who, order.do, order.arguments, why)
        raise InputError(why)
    access.note(who, order.do, order.arguments, None)
    await _DO[order.do](stage, who, order.arguments)


async def _start(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    choice = Choice(
        given["story"], int(given["seed"]), given["speed"], stage.choice.over, given["ai"], given.get("begin", 0.0)
    )
    known = [story["name"] for story in stories(stage)]
    if choice.story not in known:  # a script is code: it comes from the command line alone
        raise InputError(say("No story is called '{name}'.", name=choice.story) + nearest(choice.story, known))
    await stage.start(choice)


async def _aside(stage: Stage, who: Visitor, given: Mapping[str, Any], how: str) -> None:
    reason, by = given["reason"].strip(), given["by"].strip()
    if not reason or not by:
        raise InputError(say("Who sets an alarm aside gives a name and a reason."))
    signed = by if who.name == "here" else f"{by} ({who.name})"
    show = _shown(stage)
    show.alarms.set_aside(how, int(given["id"]), signed, reason, show.now, given.get("minutes"))
    stage.changed()


def _shown(stage: Stage) -> Any:
    if stage.show is None:
        raise InputError(say("No story is on. Start one first."))
    return stage.show


async def _acknowledge(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    show = _shown(stage)
    show.alarms.acknowledge(given["ids"], who.name, show.now)
    stage.changed()


async def _put_back(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    show = _shown(stage)
    show.alarms.put_back(int(given["id"]), who.name, show.now)
    stage.changed()


async def _reset(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    stage.reset()


async def _hold(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    stage.hold(given["held"])


async def _speed(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    stage.speed(given["speed"])


async def _forward(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    stage.pass_over(given["to"])


async def _inject(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    by = f"page/{who.name}"
    await stage.inject(given["kind"], given["where"], given["severity"], given["params"], by)


async def _shelve(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    await _aside(stage, who, given, "shelve")


async def _out_of_service(stage: Stage, who: Visitor, given: Mapping[str, Any]) -> None:
    await _aside(stage, who, given, "out_of_service")


_DO: dict[str, Callable[[Stage, Visitor, Mapping[str, Any]], Awaitable[None]]] = {
    "start": _start, "reset": _reset, "hold": _hold, "speed": _speed, "forward": _forward,
    "acknowledge": _acknowledge, "shelve": _shelve,
    "put_back": _put_back, "out_of_service": _out_of_service, "inject": _inject,
}  # fmt: skip
