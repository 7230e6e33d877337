"""Draws the signature of each fault and writes the tag tables of the units' pages.

    python docs/plant/signatures.py [UNIT...]     draw and write anew, all units or these
    python docs/plant/signatures.py --check       say what is out of date, and end with status 1

A unit is registered by a table `signatures/<unit>.py` that holds `PLANT`, the unit's spec, and `SIGNATURES`, a few
lines a fault:

    from signatures import Signature
    from testbed import Mill

    PLANT = Mill(agc=False)
    SIGNATURES = (
        Signature(fault="eccentricity", params={"amplitude": 30}, tags=("ROLL_FORCE", ("H_GM", "H_X")), before=5,
                  after=15, says="The force ripples once a turn of the backup roll; the thickness hardly does."),
    )

A unit of weeks also holds `AXIS = ("days", 6.0)`: what the axis counts, and how many s of the plant make one.

`tags` are ends of tag names, one panel each; a tuple shares a panel. The fault begins `at` s after the plant; drawn
are `before` s and `after` s around it, grey beside it a twin without the fault. `spectrum=(low, high)` draws the
amplitudes of those Hz after the onset instead. `steps` are set-points for both: s after the plant's start, name, value.
Pictures are `<unit>_<fault>.svg`, or `<unit>_<name>.svg` where `name` is given; without a `fault` they show what the
unit does by itself. The page is `<unit>.md`; what stands
between its marks `<!-- tags -->` and `<!-- /tags -->`, `<!-- pictures -->` and `<!-- /pictures -->` is written here. A
page without them gets both sections at its end, and a unit without a page gets one. A picture is out of date when its
table or the unit's spec changed since; after a change of physics draw it anew by hand.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from runpy import run_path
from typing import Any

from plates import plate
from tag_table import tag_table

from connectors.times import SECOND
from testbed.plant import START, Action, Plant
from testbed.scenario import PlantSpec

HERE = Path(__file__).parent
TABLES = HERE / "signatures"
sys.modules.setdefault("signatures", sys.modules[__name__])  # the tables import from here, also where this is a script


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A fault or look-alike as it shows in its tags, or what a unit does by itself; see the module."""

    fault: str = ""
    tags: tuple[str | tuple[str, ...], ...]
    says: str
    where: str = ""
    params: Mapping[str, float | str] = field(default_factory=dict)
    at: float = 30.0
    before: float = 10.0
    after: float = 60.0
    steps: tuple[tuple[float, str, float], ...] = ()
    twin: bool = True
    spectrum: tuple[float, float] | None = None
    plant: PlantSpec | None = None
    name: str = ""
    seed: int = 10_001

    @property
    def called(self) -> str:
        return self.name or self.fault


@dataclass(frozen=True)
class Unit:
    """A registered unit: its name, its spec, what is drawn of it and along which axis."""

    name: str
    plant: PlantSpec
    signatures: tuple[Signature, ...]
    axis: tuple[str, float] = ("s", 1.0)  # what the time axis counts, and s of the plant that make one

    @property
    def page(self) -> Path:
        return HERE / f"{self.name}.md"

    def picture(self, signature: Signature) -> Path:
        return HERE / f"{self.name}_{signature.called}.svg"

    def digest(self, signature: Signature) -> str:
        """Of everything the table says about a picture."""
        said = (signature, self.plant) if self.axis == ("s", 1.0) else (signature, self.plant, self.axis)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def built(self) -> Plant:
        return self.plant.build(10_001, START)


def units(names: list[str]) -> list[Unit]:
    """The registered units, all or those named."""
    known = {path.stem: path for path in sorted(TABLES.glob("*.py"))}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"No table signatures/{unknown[0]}.py; registered are {', '.join(known)}.")
    tables = {name: run_path(str(known[name])) for name in names or known}
    return [Unit(name, table["PLANT"], tuple(table["SIGNATURES"]), table.get("AXIS", ("s", 1.0)))
            for name, table in tables.items()]  # fmt: skip


def drawn(unit: Unit, signature: Signature) -> str:
    """The picture, SVG."""
    spec = signature.plant or unit.plant
    faulty = spec.build(signature.seed, START)
    faulty.advance(_settled(faulty, signature, signature.at - signature.before))
    healthy = faulty.copy() if signature.twin else None
    curves = _played(faulty, signature, True)
    twin = None if healthy is None else _played(healthy, signature, False)
    return plate(signature, curves, twin, unit.digest(signature), unit.axis)


def _settled(plant: Plant, signature: Signature, at: float) -> int:
    """Until when the plant runs undrawn, ns; what its script does before that is done."""
    until = START + round(at * SECOND)
    for s, name, value in signature.steps:
        if s < at:
            plant.advance(START + round(s * SECOND))
            plant.act(Action(plant.present, name, value))
    return until


def _played(plant: Plant, signature: Signature, is_faulty: bool) -> list[Any]:
    """Everything the plant hands out in the window, with the fault or without."""
    later = [(s, "act", name, value) for s, name, value in signature.steps if s >= signature.at - signature.before]
    todo = sorted([*later, (signature.at, "fault", signature.fault, 0.0)])
    items: list[Any] = []
    for s, kind, name, value in todo:
        until = START + round(s * SECOND)
        if until > plant.present:
            items += plant.advance(until)
        if kind == "act":
            plant.act(Action(plant.present, name, value))
        elif is_faulty and name:
            plant.inject(name, signature.where, signature.params, 1)
    return items + plant.advance(START + round((signature.at + signature.after) * SECOND))


def sections(unit: Unit) -> dict[str, str]:
    """What the page holds between its marks."""
    lines = []
    for signature in unit.signatures:
        name = signature.called.replace("_", " ")
        lines += [f"![{name}]({unit.picture(signature).name})", "", f"*{name}*: {signature.says}", ""]
    return {"tags": tag_table(unit.built()), "pictures": "\n".join(lines).strip()}


HEADS = {"tags": "Tags", "pictures": "What faults look like"}


def page(unit: Unit) -> str:
    """The page with its sections as they ought to be."""
    text = unit.page.read_text("utf-8") if unit.page.exists() else f"# {unit.name.capitalize()}\n"
    for name, content in sections(unit).items():
        body = f"<!-- {name} -->\n\n{content}\n\n<!-- /{name} -->"
        pattern = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        if pattern.search(text):
            text = pattern.sub(lambda _, body=body: body, text)
        else:
            text = f"{text.rstrip()}\n\n## {HEADS[name]}\n\n{body}\n"
    return text


def problems(unit: Unit) -> list[str]:
    """What is out of date, a sentence each."""
    again = f"run python docs/plant/signatures.py {unit.name}"
    found = []
    if not unit.page.exists() or unit.page.read_text("utf-8") != page(unit):
        found.append(f"{unit.page.name} is out of date: {again}")
    for signature in unit.signatures:
        picture = unit.picture(signature)
        if not picture.exists():
            found.append(f"{picture.name} is missing: {again}")
        elif f"<desc>{unit.digest(signature)}</desc>" not in picture.read_text("utf-8"):
            found.append(f"{picture.name} was drawn for another table: {again}")
    return found


def main() -> int:
    """Draw or check, as asked; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unit", nargs="*")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    chosen = units(asked.unit)
    if asked.check:
        found = [problem for unit in chosen for problem in problems(unit)]
        print("\n".join(found) or "All up to date.")
        return 1 if found else 0
    for unit in chosen:
        for signature in unit.signatures:
            unit.picture(signature).write_text(drawn(unit, signature), encoding="utf-8")
            print(f"{unit.picture(signature).name}: {unit.picture(signature).stat().st_size / 1000:.0f} kB")
        unit.page.write_text(page(unit), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
