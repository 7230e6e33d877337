"""What the run was worth: ranges under assumptions, beside the assumptions themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.texts import say
from testbed.losses import uses
from testbed.names import called
from testbed.report.formats import NOTHING, money, number
from testbed.report.markup import Html, breakable, join, tag
from testbed.report.tables import shortened, table
from testbed.report.view import View


def worth(view: View) -> Html | None:
    """The estimate, what it is made of, and what it assumes; None where nothing in the run has a price."""
    found = view.score.get("money")
    if not found:
        return None
    currency = found["currency"]
    head = tag("p", tag("span", say("simulated estimate"), class_="badge simulated"), class_="badges")
    rows = [_entry(entry, currency) for entry in found["entries"]]
    heads = (say("what"), say("where"), say("count"), say("verdict"), say("how it is priced"), say("range"))
    return join([
        head,
        tag("p", _sentence(found)),
        shortened(heads, rows, (2, 5)),
        _unpriced(found["unpriced"]),
        tag("h3", say("Assumptions")),
        tag("p", _origin(found["assumptions"])),
        _assumptions(found["assumptions"], _used(found["entries"])),
    ])  # fmt: skip


def _sentence(found: Mapping[str, Any]) -> Html:
    """Saved less spent, and what is lost; each a range."""
    ends = {
        what: money(found[what]["low"], found[what]["high"], found["currency"]) for what in ("saved", "lost", "spent")
    }
    balance = money(found["low"], found["high"], found["currency"])
    parts = [
        tag("strong", say("Against a line without models: {range}.", range=balance)), " ",
        say("Saved: {saved}. Spent on false alarms: {spent}. Lost, for no alarm came in time: {lost}.", **ends), " ",
        say("The plant is simulated and prices are assumptions: compare runs by these figures, account for nothing."),
    ]  # fmt: skip
    return join(parts)


def _entry(entry: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    name = ", ".join(called(one) for one in entry["names"]) or say("false alarm")
    answer = _answer(entry.get("answer", ""))
    loss = _loss(entry.get("loss", ""))
    priced = {
        "saved": say("{loss}, less {answer}", loss=loss, answer=answer),
        "lost": loss,
        "spent": answer,
    }[entry["what"]]
    verdict = {
        "saved": say("saved: found in time"),
        "lost": say("lost: missed or too late"),
        "spent": say("spent for nothing"),
    }[entry["what"]]
    where = tag("span", breakable(entry["where"]), class_="path") if entry["where"] else NOTHING
    return (tag("b", name), where, str(entry["n"]), verdict, priced, money(entry["low"], entry["high"], currency))


def _unpriced(names: list[str]) -> Html | None:
    if not names:
        return None
    listed = ", ".join(called(name) for name in names)
    return tag(
        "p",
        say("Without a price, or without a consequence in this run, and not counted: {names}.", names=listed),
        class_="facts",
    )


def _origin(assumed: Mapping[str, Any]) -> str:
    if assumed["origin"] == "defaults":
        return say(
            "Defaults: published figures where there are any, engineering judgement elsewhere. Give your own with "
            "--assumptions FILE.toml."
        )
    return say("From {file}; what it does not name is a default.", file=assumed["origin"])


def _used(entries: Sequence[Mapping[str, Any]]) -> set[str]:
    names = {name for entry in entries for name in (entry.get("loss", ""), entry.get("answer", ""))}
    return {assumption for name in names for assumption in uses(name)}


def _assumptions(assumed: Mapping[str, Any], used: set[str]) -> Html:
    """Those that the prices of this run take."""
    told = _told(assumed["currency"])
    rows = [
        (told[name][0], *(number(one) for one in values), told[name][1], tag("code", name))
        for name, values in assumed["values"].items()
        if name in told and name in used
    ]
    heads = (say("assumption"), say("low"), say("usual"), say("high"), say("unit"), say("key"))
    return table(heads, rows, (1, 2, 3))


def _loss(name: str) -> str:
    return {
        "breakout": say("a breakout"),
        "cast_stop": say("a cast given up, with scrap"),
        "coil": say("one coil downgraded after delivery"),
        "coils": say("the next coils downgraded, until somebody sees"),
        "cobble": say("a stop of the hot mill, with scrap"),
        "mould_change": say("a mould changed, with its copper machined"),
        "strip_break": say("a stop of the cold mill, with scrap and rolls"),
        "machine_stop": say("a machine that stops unasked, with its repair"),
    }.get(name, name)


def _answer(name: str) -> str:
    return {
        "slow_down": say("slowing the strand down"),
        "look": say("a look by the shift"),
    }.get(name, name)


def _told(currency: str) -> dict[str, tuple[str, str]]:
    """What each assumption means, and its unit."""
    tonne = f"{currency}/t"
    return {
        "breakout": (say("a breakout of the slab caster, all in"), currency),
        "margin": (say("contribution margin of a tonne not made"), tonne),
        "downgrade": (say("a tonne sold below prime"), tonne),
        "scrap_gap": (say("price of prime steel less that of scrap"), tonne),
        "co2_price": (say("allowances for a tonne of CO₂"), tonne),
        "co2": (say("CO₂ of a tonne of crude steel"), "t/t"),
        "look": (say("a look at what was right all along"), currency),
        "caster_rate": (say("output of a strand"), "t/h"),
        "slow_minutes": (say("how long a strand is slowed down"), "min"),
        "slow_share": (say("share of the output lost meanwhile"), "1"),
        "slow_slab": (say("slab downgraded by slowing down"), "t"),
        "cast_stop_minutes": (say("stop after a cast given up"), "min"),
        "cast_scrap": (say("scrap of a cast given up"), "t"),
        "mould_change_minutes": (say("stop for a change of mould"), "min"),
        "mould_plate": (say("copper of a mould machined or renewed"), currency),
        "coil": (say("mass of a coil"), "t"),
        "coils": (say("further coils until somebody sees a fault that stays"), "1"),
        "hot_mill_rate": (say("output of the hot strip mill"), "t/h"),
        "hot_stop_minutes": (say("stop after a cobble"), "min"),
        "hot_scrap": (say("scrap of a cobble"), "t"),
        "cold_mill_rate": (say("output of the tandem cold mill"), "t/h"),
        "machine_hours": (say("stop after a machine has failed"), "h"),
        "machine_rate": (say("output that stands with the machine"), "t/h"),
        "machine_repair": (say("repair beyond a planned one"), currency),
        "cold_stop_minutes": (say("stop after a strip break"), "min"),
        "cold_scrap": (say("scrap of a strip break"), "t"),
        "rolls": (say("rolls reground after a strip break"), currency),
    }
