"""What the desk offers to inject: places that the units know, all of them."""

from __future__ import annotations

import pytest

from connectors.errors import InputError
from testbed.library import load
from testbed.page.injecting import PLACES, offered
from testbed.plant import START
from tests.testbed.test_severity import UNITS


@pytest.mark.parametrize("unit", PLACES)
def test_a_unit_takes_the_first_and_the_last_place_that_the_desk_offers_and_no_other(unit):
    plant = load(UNITS[unit]).plant.build(1, START)
    for name, places in PLACES[unit].items():
        for place in (places[0], places[-1]):
            assert plant.copy().inject(name, place, {}, 1).name == name
        with pytest.raises(InputError):
            plant.copy().inject(name, "nowhere", {}, 1)


def test_kinds_are_told_in_both_languages_with_what_may_be_chosen():
    told = {one["name"]: one for one in offered(load("caster-sticker").plant.build(1, START))}
    assert told["sticker"]["severities"] and "BF column 4" in told["sticker"]["places"]
    assert not told["ladle_change"]["severities"] and told["ladle_change"]["places"] == ()
    assert told["sticker"]["what"]["ko"] != told["sticker"]["what"]["en"]


def test_a_unit_within_the_works_or_behind_a_network_offers_what_it_offers_alone():
    for story in ("works-sliver", "cyber-spoof"):
        told = {one["name"]: one for one in offered(load(story).plant.build(1, START))}
        assert told["sticker"]["severities"] and len(told["sticker"]["places"]) == 24
