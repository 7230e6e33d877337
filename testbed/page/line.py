"""The steel line as a mimic: its parts from ladle to coil, which of them a run has, and what is worth a look there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.units import symbol
from testbed.page import speech

MILL, MACHINES = "POH/HOT/HSM2", "POH/UTIL/CMS1"
TRENDS = 8  # shown at first


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the line: where its tags lie, and the signals that are shown at it, best first."""

    name: str
    paths: tuple[str, ...]
    shown: tuple[str, ...]


PARTS = (
    Part("mould", ("POH/STEEL/CC1/S1.MOLD",), ("V_CAST", "LVL_PV")),
    Part("strand", ("POH/STEEL/CC1/S1.STRAND",), ("T_SURF_UNB", "CAST_LEN")),
    Part("descaler", (f"{MILL}/DESC",), ("DESC_P",)),
    Part("mill", (*(f"{MILL}/F{i}" for i in range(1, 8)), f"{MILL}/EXIT", f"{MILL}/FM"),
         ("H_X", "H_EXIT", "H_GM", "V_STRIP", "ROLL_FORCE")),
    Part("table", (f"{MILL}/ROT",), ("CT", "V_STRIP")),
    Part("coiler", (f"{MILL}/DC1",), ("COIL_TENS", "MANDREL_RPM")),
    Part("camera", (f"{MILL}/SURF", "POH/COLD/TCM1/SURF"), ("V_STRIP", "WIDTH")),
    Part("coldmill", ("POH/COLD/TCM1",), ("V_EXIT", "TENS")),
    Part("machines", (MACHINES,), ("VEL_RMS_DE", "TEMP_BRG_DE")),
)  # fmt: skip
# What a person looks at first, by the last level of the path.
FIRST = (
    "V_CAST", "LVL_PV", "TC_BF_1_4", "TC_BF_2_4", "Q_FACE_BF", "STP_POS", "MW_FLOW_BF", "T_SURF_UNB",
    "H_X", "H_GM", "ROLL_FORCE", "ROLL_GAP", "LPR_ANG", "MASS_DEV", "CENTRE", "V_STRIP",
    "CT", "DESC_P", "T_RDT_1", "COIL_TENS", "ACC", "TENS", "V_EXIT", "WIDTH", "LAMP", "H_EXIT", "WR_DIA",
    "MIDT", "BANKS_ON", "PINCH_FRC", "EMU_FLOW", "MOTOR_I",
    "VEL_RMS_DE", "ENV_RMS_DE", "TEMP_BRG_DE", "KURT_DE", "OIL_PART", "SUCT_P", "RPM", "LOAD",
)  # fmt: skip


def parts(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Every part in order of the way of the steel, with the tags to show where this run has it."""
    tags = [tag for group in groups for tag in group.tags]
    numbers = [tag for group in groups if group.kind in ("scalars", "blocks") for tag in group.tags]
    told = []
    for part in PARTS:
        mine = [tag for tag in numbers if _is_under(tag, part)]
        found = _by_short(mine)
        shown = [found[short] for short in part.shown if short in found]
        is_there = any(_is_under(tag, part) for tag in tags)
        told.append({"name": part.name, "paths": part.paths, "here": is_there, "tags": shown[:2]})
    return told


def _is_under(tag: Tag, part: Part) -> bool:
    under = [path for one in PARTS for path in one.paths if tag.name.startswith(f"{path}/")]
    return bool(under) and max(under, key=len) in part.paths


def trends(tags: Sequence[Tag]) -> list[str]:
    """The tags whose trends are shown at first."""
    by_short = _by_short(tags)
    chosen = [by_short[short] for short in FIRST if short in by_short][:TRENDS]
    return chosen or [tag.name for tag in tags[:TRENDS]]


def _by_short(tags: Sequence[Tag]) -> dict[str, str]:
    """Names by what they measure: of stands the last one, of fans and pumps the first, the most critical one."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag.short not in found or not tag.name.startswith(MACHINES):
            found[tag.short] = tag.name
    return found


def described(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    """Tags as a page shows them."""
    return [
        {
            "name": tag.name,
            "what": speech.measured(tag.short),
            "unit": symbol(tag.unit),
            "range": tag.eu_range,
            "rate_hz": tag.rate_hz,
        }
        for tag in tags
    ]


def part_name(name: str) -> str:
    """A part, in words."""
    return {
        "mould": say("Mould"),
        "strand": say("Strand"),
        "descaler": say("Descaler"),
        "mill": say("Finishing mill"),
        "table": say("Run-out table"),
        "coiler": say("Coiler"),
        "camera": say("Surface camera"),
        "coldmill": say("Cold mill"),
        "machines": say("Fans and pumps"),
    }[name]
