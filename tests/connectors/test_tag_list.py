"""A tag list tells every fault at once, and what is written is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.tag_list import lint_tag_list, read_tag_list, unknown_units, write_tag_list
from connectors.tags import Tag
from connectors.units import UNITS

HEADER = "name,unit,low,high,rate_hz,address,group,writable\n"


@pytest.fixture
def lint(tmp_path, monkeypatch):
    """Faults of a list with this text, as they are shown."""
    monkeypatch.chdir(tmp_path)

    def lint_text(text: str, encoding: str = "utf-8") -> list[str]:
        (tmp_path / "tags.csv").write_bytes(text.encode(encoding))
        return [str(problem) for problem in lint_tag_list("tags.csv")[1]]

    return lint_text


def test_a_list_becomes_tags_with_defaults_for_what_it_leaves_out(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text(HEADER + "L/A,Cel,-5,200.5,10,TI-101,fast,YES\nL/B,,,,,,,\n")
    assert read_tag_list(path) == (
        Tag(name="L/A", unit="Cel", eu_range=(-5.0, 200.5), rate_hz=10.0, group="fast", address="TI-101",
            writable=True),
        Tag(name="L/B"),
    )  # fmt: skip


def test_a_list_may_have_names_only(tmp_path):
    (tmp_path / "tags.csv").write_text("name\nL/A\n")
    assert read_tag_list(tmp_path / "tags.csv") == (Tag(name="L/A"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_names_are_read_in_every_encoding(tmp_path, encoding):
    (tmp_path / "tags.csv").write_bytes("name,unit\n열연/롤 하중,kN\n".encode(encoding))
    assert read_tag_list(tmp_path / "tags.csv") == (Tag(name="열연/롤 하중", unit="kN"),)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("L/A,degC,,,,,,", "unit 'degC' is not known. Did you mean 'Cel'?"),
        ("L/A,°C,,,,,,", "unit '°C' is not known. Did you mean 'Cel'?"),
        ("L/A,kNm,,,,,,", "unit 'kNm' is not known. Did you mean 'kN.m'?"),
        ("L/A,,2,1,,,,", "low 2 must be below high 1."),
        ("L/A,,1,1,,,,", "low 1 must be below high 1."),
        ("L/A,,a,1,,,,", "low 'a' is not a number. Give a number such as 12.5."),
        ("L/A,,0,inf,,,,", "high 'inf' is not a number. Give a number such as 12.5."),
        ("L/A,,0,1_0,,,,", "high '1_0' is not a number. Give a number such as 12.5."),
        ('L/A,,0,"1,5",,,,', "high '1,5' is not a number. Did you mean '1.5'?"),
        ("L/A,,1,,,,,", "low is 1, but high is empty. Give both or none."),
        ("L/A,,,1,,,,", "high is 1, but low is empty. Give both or none."),
        ("L/A,,,,0,,,", "rate_hz 0 must be above 0. Leave it empty if it is not known."),
        ("L/A,,,,fast,,,", "rate_hz 'fast' is not a number. Give a number such as 12.5."),
        (",Cel,,,,,,", "name is empty. A tag's name is a path such as 'LINE/UNIT/SIGNAL'."),
        ("L//A,,,,,,,", "name 'L//A' is no path: it has an empty level. Did you mean 'L/A'?"),
        ("/L/A,,,,,,,", "name '/L/A' is no path: it has an empty level. Did you mean 'L/A'?"),
        ("L/A,,,,,,,yse", "writable 'yse' is neither yes nor no. Did you mean 'yes'?"),
        ("L/A,Cel", "This row has 2 cells, the header names 8 columns. Keep the separator of an empty cell."),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_fits(lint, row, expected):
    assert lint(HEADER + row + "\n") == [f"tags.csv:2  {expected}"]


def test_a_name_that_is_there_twice_says_where_it_was_first(lint):
    assert lint("name\nL/A\nL/B\nL/A\n") == ["tags.csv:4  tag 'L/A' is already named on line 2. Keep one."]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("name,untis", "column 'untis' is not known. Did you mean 'unit'?"),
        ("nmae,unit", "column 'nmae' is not known. Did you mean 'name'?"),
        ("unit,low", "column 'name' is not there. Columns that fit: name, unit, low, high, rate_hz, address, "
                     "group, writable."),
    ],
)  # fmt: skip
def test_a_fault_of_the_header_is_told_once_and_not_again_for_each_row(lint, header, expected):
    assert lint(f"{header}\n1,\n%,\n") == [f"tags.csv:1  {expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "",
            "tags.csv:1  is empty. Its first line names name, unit, low, high, rate_hz, address, group, writable.",
        ),
        ("name,unit\n", "tags.csv:1  lists no tags. Each line below the header names one."),
    ],
)
def test_an_empty_list_is_a_fault(lint, text, expected):
    assert lint(text) == [expected]


def test_all_faults_come_at_once_in_order_of_lines(lint):
    rows = "L/A,degC,5,1,-1,,,\nL/B\nL/A,,x,,,,,maybe\n"
    lines = [fault.split("  ")[0] for fault in lint(HEADER + rows)]
    assert lines == ["tags.csv:2"] * 3 + ["tags.csv:3"] + ["tags.csv:4"] * 3


def test_a_missing_list_is_a_fault_and_not_a_traceback(lint):
    assert [str(p) for p in lint_tag_list("tag.csv")[1]] == ["tag.csv  There is no such file."]


def test_units_that_are_not_known_are_kept_as_they_came_and_flagged(tmp_path):
    (tmp_path / "tags.csv").write_text("name,unit\nL/A,degC\nL/B,furlong\nL/C,Cel\nL/D,degC\n")
    tags = read_tag_list(tmp_path / "tags.csv")
    assert [tag.unit for tag in tags] == ["degC", "furlong", "Cel", "degC"]
    assert unknown_units(tags) == ("degC", "furlong")


def test_reading_refuses_every_other_fault_at_once(tmp_path):
    (tmp_path / "tags.csv").write_text(HEADER + "L/A,degC,2,1,,,,\nL/A,,,,,,,\n")
    with pytest.raises(InputError) as error:
        read_tag_list(tmp_path / "tags.csv")
    assert [problem.line for problem in error.value.problems] == [2, 3]


def test_a_tag_with_a_fault_in_another_cell_than_its_name_is_there_to_check_data_against(tmp_path):
    (tmp_path / "tags.csv").write_text(HEADER + "L/A,degC,2,1,-1,TI-101,,maybe\n")
    tags, problems = lint_tag_list(tmp_path / "tags.csv")
    assert tags == (Tag(name="L/A", unit="degC", address="TI-101"),)
    assert len(problems) == 4


# -- what is written is read back ----------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
PATHS = st.lists(WORDS.map(lambda word: word.replace("/", "_")), min_size=1, max_size=3).map("/".join)
NUMBERS = st.floats(-1e300, 1e300)
TAGS = st.builds(
    Tag,
    name=PATHS,
    unit=st.sampled_from(sorted(UNITS)) | WORDS,
    eu_range=st.none() | st.tuples(NUMBERS, NUMBERS).filter(lambda limits: limits[0] < limits[1]),
    rate_hz=st.none() | st.floats(1e-9, 1e9),
    group=WORDS,
    address=WORDS | st.just(""),
    writable=st.booleans(),
)


@given(st.lists(TAGS, min_size=1, max_size=5, unique_by=lambda tag: tag.name))
def test_what_is_written_is_read_back(tmp_path_factory, tags):
    path = tmp_path_factory.mktemp("tags") / "tags.csv"
    write_tag_list(tags, path)
    assert read_tag_list(path) == tuple(tags)


def test_a_list_begins_with_a_bom_only_where_a_spreadsheet_needs_it(tmp_path):
    write_tag_list([Tag(name="L/A")], tmp_path / "a.csv")
    write_tag_list([Tag(name="열연/A")], tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"name,")
    assert (tmp_path / "b.csv").read_bytes().startswith(b"\xef\xbb\xbfname,")


def test_a_list_that_cannot_be_written_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_tag_list([Tag(name="L/A")], tmp_path / "nowhere" / "tags.csv")
