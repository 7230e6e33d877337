"""Tags and groups: what a signal is called, and which ones travel together."""

from __future__ import annotations

import pytest

from connectors.tags import Group, Tag, grouped, unit_path


@pytest.mark.parametrize("name", ["", "/A", "A/", "A//B"])
def test_a_name_that_is_no_path_is_refused(name):
    with pytest.raises(ValueError, match="name is a path"):
        Tag(name=name)


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
@pytest.mark.parametrize("which", ["eu_range", "instrument_range"])
def test_a_range_that_does_not_rise_is_refused(which, limits):
    with pytest.raises(ValueError, match=f"{which} of A must rise"):
        Tag(name="A", **{which: limits})


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_not_above_0_is_refused(rate_hz):
    with pytest.raises(ValueError, match="rate_hz of A must be above 0"):
        Tag(name="A", rate_hz=rate_hz)


def test_a_person_reads_the_last_level():
    assert Tag(name="POH/HOT/HSM2/F7/ROLL_FORCE").short == "ROLL_FORCE"
    assert Tag(name="FORCE").short == "FORCE"


def test_a_group_takes_only_its_own_tags_once_and_a_kind_it_knows():
    with pytest.raises(ValueError, match="A says it is of group 'other', not 'main'"):
        Group("main", (Tag(name="A", group="other"),))
    with pytest.raises(ValueError, match="names a tag twice"):
        Group("main", (Tag(name="A"), Tag(name="A")))
    with pytest.raises(ValueError, match="kind is one of scalars, blocks, frames, texts, but got 'waves'"):
        Group("main", (Tag(name="A"),), "waves")


def test_a_block_group_needs_the_rate_of_every_tag():
    with pytest.raises(ValueError, match="needs its rate_hz"):
        Group("main", (Tag(name="A", rate_hz=1.0), Tag(name="B")), "blocks")


def test_a_flat_tag_list_is_grouped_in_order_of_appearance():
    tags = [Tag(name="A", group="slow"), Tag(name="B", group="fast"), Tag(name="C", group="slow")]
    assert grouped(tags) == (Group("slow", (tags[0], tags[2])), Group("fast", (tags[1],)))
    assert grouped([]) == ()


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (["POH/CC1/MOLD/A", "POH/CC1/MOLD/B"], "POH/CC1/MOLD"),
        (["POH/CC1/MOLD/A", "POH/CC2/MOLD/A"], "POH"),
        (["POH/CC1/A"], "POH/CC1"),
        (["A"], "A"),
        (["A", "B"], ""),
        (["L/AB", "L/AC"], "L"),
        (["L/U", "L/U/A"], "L/U"),
        ([], ""),
    ],
)
def test_the_unit_is_the_longest_path_that_all_lie_under(names, path):
    assert unit_path(names) == path
