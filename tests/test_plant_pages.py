"""The pages of the units: tag tables and pictures are those of the tables under docs/plant/signatures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PLANT_DOCS = Path(__file__).parent.parent / "docs" / "plant"
sys.path.insert(0, str(PLANT_DOCS))

import signatures  # noqa: E402
from signatures import Signature, Unit  # noqa: E402

from testbed import Mill  # noqa: E402

REGISTERED = signatures.units([])


@pytest.mark.parametrize("unit", REGISTERED, ids=lambda unit: unit.name)
def test_its_page_and_pictures_are_up_to_date(unit):
    assert not signatures.problems(unit)


@pytest.mark.parametrize("unit", REGISTERED, ids=lambda unit: unit.name)
def test_every_picture_on_its_page_is_of_the_table(unit):
    drawn = {unit.picture(s).name for s in unit.signatures}
    assert {path.name for path in PLANT_DOCS.glob(f"{unit.name}_*.svg")} <= drawn | {
        other.picture(s).name for other in REGISTERED for s in other.signatures
    }


def test_a_changed_table_or_a_picture_that_is_gone_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(signatures, "HERE", tmp_path)
    shown = Signature(fault="eccentricity", tags=("ROLL_FORCE",), says="It ripples.", at=4, before=1, after=2)
    unit = Unit("mill", Mill(turns=1.0), (shown,))
    assert len(signatures.problems(unit)) == 2
    unit.picture(shown).write_text(signatures.drawn(unit, shown), encoding="utf-8")
    unit.page.write_text(signatures.page(unit), encoding="utf-8")
    assert not signatures.problems(unit)
    other = Unit("mill", Mill(turns=2.0), (shown,))
    assert ["drawn for another table" in problem for problem in signatures.problems(other)] == [True]


def test_a_tag_that_fits_none_is_told():
    shown = Signature(fault="eccentricity", tags=("NO_SUCH",), says="", at=4, before=1, after=2)
    with pytest.raises(SystemExit, match="NO_SUCH"):
        signatures.drawn(Unit("mill", Mill(), (shown,)), shown)
