"""Text comes in however a spreadsheet or a logger saved it, and a fault is told with its line."""

from __future__ import annotations

import pytest

from connectors.errors import InputError
from connectors.text import CsvText, read_records, read_text, separator

KOREAN = "일시,롤 하중\n2026-01-05,12.5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_text_is_read_in_every_encoding_plants_save_it_in(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes(KOREAN.encode(encoding))
    assert read_text(tmp_path / "a.csv") == KOREAN


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", "a,b".encode("utf-16"), b"\xff\xff\xff"])
def test_what_is_no_text_is_refused_with_what_fits(tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.csv  is no text in UTF-8 or CP949\. Save it as 'CSV UTF-8'"):
        read_text(tmp_path / "a.csv")


def test_a_file_that_is_not_there_is_named_with_the_nearest_one(tmp_path):
    (tmp_path / "pressure.csv").touch()
    with pytest.raises(InputError, match=r"presure\.csv  There is no such file\. Did you mean 'pressure\.csv'"):
        read_text(tmp_path / "presure.csv")
    with pytest.raises(InputError, match=r"There is no such file\.$"):
        read_text(tmp_path / "nowhere" / "a.csv")


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(InputError, match=r"is a folder\. Name a file in it"):
        read_text(tmp_path)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("time;a\n2026-01-05;1,5\n", ";"),
        ("time;a;b\n2026-01-05;1,5;2,5\n", ";"),
        ("time;flow, total;b\n2026-01-05;1,5;2,5\n", ";"),
        ('time,"a;b",c\n1,2,3\n', ","),
        ("name,address\nL/A,ns=2;s=A\n", ","),
        ("\n\na;b\n\n1;2\n", ";"),
        ("a,b,c\n1,2\n", ","),
        ("alone\n1\n", ","),
        ("", ","),
    ],
)
def test_the_separator_is_seen(text, mark):
    assert separator(text) == mark


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("1,2\n3,4\n", [2, 3]),
        ('1,"two\nlines"\n3,4\n', [2, 4]),
        ("1,2\n\n3,4\n", [2, 3, 4]),
    ],
)
def test_rows_know_their_lines_even_where_a_cell_holds_a_line_break(tmp_path, body, lines):
    (tmp_path / "a.csv").write_text("a,b\n" + body)
    csv = CsvText.read(tmp_path / "a.csv")
    assert list(csv.lines(len(lines))) == lines
    assert csv.body == body


def test_a_header_may_stand_below_empty_lines_and_run_over_two(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'\r\n"time","flow\r\n[m3/h]"\r\n1,2\r\n')
    csv = CsvText.read(tmp_path / "a.csv")
    assert (csv.header_line, csv.first, csv.body) == (2, 4, "1,2\r\n")
    assert csv.header == ("time", "flow\r\n[m3/h]")


def test_records_come_by_column_name_in_any_case(tmp_path):
    (tmp_path / "a.csv").write_text("Name; WHERE \nsticker;row 1\n\n")
    records, problems = read_records(tmp_path / "a.csv", ("name", "where"), ("name",))
    assert [(r.line, r.cells) for r in records] == [(2, {"name": "sticker", "where": "row 1"})]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a.csv:1  is empty. Its first line names name, where."),
        ("name,wher\n1,2\n", "a.csv:1  column 'wher' is not known. Did you mean 'where'?"),
        ("nmae\n1\n", "a.csv:1  column 'nmae' is not known. Did you mean 'name'?"),
        ("where\n1\n", "a.csv:1  column 'name' is not there. Columns that fit: name, where."),
        ("name,name\n1,2\n", "a.csv:1  column 'name' is there twice. Keep one."),
        ("name,where\n1\n", "a.csv:2  This row has 1 cells, the header names 2 columns. "
                            "Keep the separator of an empty cell."),
        ("name,where\n1,2,3\n", "a.csv:2  This row has 3 cells, the header names 2 columns. "
                                "Quote a cell that holds ','."),
        ('name,where\n1,2\n3,"4\n5,6\n', "a.csv:3  The row that begins here does not read as CSV "
                                         "(unexpected end of data). Close its quotes."),
    ],
)  # fmt: skip
def test_a_fault_of_a_list_is_told_with_its_line(tmp_path, monkeypatch, text, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(text)
    _, problems = read_records("a.csv", ("name", "where"), ("name",))
    assert [str(problem) for problem in problems] == [expected]


def test_empty_cells_at_the_end_of_a_row_do_no_harm(tmp_path):
    (tmp_path / "a.csv").write_text("name,where,,\nsticker,row 1,,,,\n,,\n")
    records, problems = read_records(tmp_path / "a.csv", ("name", "where"), ("name",))
    assert len(records) == 1
    assert problems == []
