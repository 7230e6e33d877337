"""Units: UCUM in, a symbol and a UNECE code out, never a silent conversion."""

from __future__ import annotations

import pytest

from connectors.units import UNITS, meant, symbol, unece_id


@pytest.mark.parametrize("code", UNITS)
def test_a_unece_code_is_two_or_three_capitals_or_digits_or_none(code):
    unece = UNITS[code].unece
    assert unece == "" or (2 <= len(unece) <= 3 and unece.isalnum() and unece.upper() == unece)


def test_no_two_units_share_a_unece_code():
    codes = [unit.unece for unit in UNITS.values() if unit.unece]
    assert len(set(codes)) == len(codes)


# OPC 10000-8, table of UNECE units: unitId by common code
@pytest.mark.parametrize(("code", "number"), [("Cel", 4408652), ("m/s", 5067859), ("%", 20529), ("kPa", 4935745)])
def test_the_number_opc_ua_carries_is_the_code_as_bytes(code, number):
    assert unece_id(code) == number


@pytest.mark.parametrize("code", ["furlong", "MW/m2", ""])
def test_a_unit_without_code_has_the_number_minus_one(code):
    assert unece_id(code) == -1


def test_an_unknown_unit_is_shown_as_it_came():
    assert symbol("furlong") == "furlong"
    assert symbol("Cel") == "°C"
    assert symbol("1") == ""


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("degC", "Cel"),
        ("℃", "Cel"),
        (" °C ", "Cel"),
        ("RPM", "{rpm}"),
        ("KN", "kN"),
        ("furlong", None),
        ("", None),
    ],
)
def test_what_people_write_is_understood_or_not_at_all(written, code):
    assert meant(written) == code


@pytest.mark.parametrize(("a", "b"), [("MW", "mW"), ("Pa", "PA"), ("mA", "MA")])
def test_a_prefix_in_the_wrong_case_is_not_taken_for_another(a, b):
    assert a in UNITS
    assert b not in UNITS


@pytest.mark.parametrize("code", UNITS)
def test_every_code_means_itself(code):
    assert meant(code) == code
