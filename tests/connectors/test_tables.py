"""A table is read as the plant meant it, or refused with every fault at once."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from connectors.cell_times import NO_TIME, time_fault, times_of
from connectors.errors import InputError
from connectors.tables import lint_table, read_table
from connectors.tags import Tag
from connectors.times import SECOND, of_datetime, parse, zone

T0 = parse("2026-01-05T09:00:00Z")
THREE = [T0, T0 + SECOND, T0 + 2 * SECOND]


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Writes a file into an empty folder, which is the working one."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "data.csv", encoding: str = "utf-8") -> str:
        (tmp_path / name).write_bytes(text.encode(encoding))
        return name

    return write


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    book.close()
    return path


def shown(path: str, **options: object) -> list[str]:
    return [str(problem) for problem in lint_table(path, **options)]  # type: ignore[arg-type]


# -- one table, however it was saved -------------------------------------------------------------------------

ROWS = (
    ("2026-01-05 09:00:00", 1.5, 3.0),
    ("2026-01-05 09:00:01", 2.5, np.nan),
    ("2026-01-05 09:00:02", -4.0, 7.0),
)
CSV = "time,force,speed\n2026-01-05 09:00:00,1.5,3\n2026-01-05 09:00:01,2.5,\n2026-01-05 09:00:02,-4,7\n"


def expect_three(table) -> None:
    assert table.time.tolist() == THREE
    assert table.columns == ("force", "speed")
    np.testing.assert_array_equal(table.values, [row[1:] for row in ROWS])
    assert (table.reordered, table.doubled, table.dropped) == (0, 0, ())


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";").replace(".", ","),
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.removesuffix("\n"),
        "\n\n" + CSV + ",,\n\n",
        CSV.replace("2.5,\n", "2.5,NaN\n"),
        CSV.replace("2.5,\n", "2.5,#N/A\n"),
        CSV.replace("2.5,\n", "2.5\n"),
        re.sub(r"([^,\n]+)", r'"\1"', CSV),
        CSV.replace(",", " , "),
        re.sub("\n2", ",,\n2", CSV),
    ],
)
def test_a_csv_is_read_however_it_was_saved(put, text):
    expect_three(read_table(put(text)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_column_names_are_read_in_every_encoding(put, encoding):
    table = read_table(put("시각,롤 하중\n2026-01-05 09:00:00,1\n", encoding=encoding))
    assert table.columns == ("롤 하중",)


def test_parquet_is_read(tmp_path):
    frame = pl.DataFrame({"time": [datetime.fromisoformat(row[0]) for row in ROWS],
                          "force": [row[1] for row in ROWS], "speed": [3, None, 7]})  # fmt: skip
    frame.write_parquet(tmp_path / "data.parquet")
    expect_three(read_table(tmp_path / "data.parquet"))


@pytest.mark.parametrize("above", [[], [[], ["", ""]]])
def test_excel_is_read_also_below_empty_rows(tmp_path, above):
    rows = [[datetime.fromisoformat(row[0]), row[1], None if np.isnan(row[2]) else row[2]] for row in ROWS]
    path = workbook(tmp_path / "data.xlsx", Data=[*above, ["time", "force", "speed"], *rows])
    expect_three(read_table(path))


def test_numbers_beside_a_no_value_text_in_excel_keep_every_digit(tmp_path):
    rows = [[T0 / SECOND, 1 / 3], [T0 / SECOND + 1, "N/A"], [T0 / SECOND + 2, 1e-20]]
    table = read_table(workbook(tmp_path / "a.xlsx", Data=[["time", "x"], *rows]))
    np.testing.assert_array_equal(table.values[:, 0], [1 / 3, np.nan, 1e-20])
    assert table.time.tolist() == THREE


def test_a_sheet_is_chosen_by_name(tmp_path):
    rows = [["time", "x"], ["2026-01-05", 1]]
    path = workbook(tmp_path / "a.xlsx", First=[["time", "y"], ["2026-01-05", 1]], Second=rows)
    first, second = read_table(path), read_table(path, sheet="Second")
    assert (first.columns, first.unread) == (("y",), ("Second",))
    assert (second.columns, second.unread) == (("x",), ())
    with pytest.raises(InputError, match=r"sheet 'Secnod' is not there\. Did you mean 'Second'\?"):
        read_table(path, sheet="Secnod")


def test_bools_are_ones_and_zeros(put):
    table = read_table(put("time,a,b\n1,true,True\n2,false,-\n"))
    np.testing.assert_array_equal(table.values, [[1, 1], [0, np.nan]])


def test_a_column_of_whole_numbers_may_turn_to_decimals_late(put):
    rows = "".join(f"{i},{i}\n" for i in range(2000))
    assert read_table(put("time,x\n" + rows + "2000,0.5\n")).values[-1, 0] == 0.5


def test_decimal_commas_may_begin_late(put):
    rows = "".join(f"{i};0\n" for i in range(20_000))
    assert read_table(put("time;x\n" + rows + "20000;0,5\n")).values[-1, 0] == 0.5


def test_a_quoted_line_break_in_the_header_is_part_of_a_name(put):
    assert read_table(put('time,"flow\n[m3/h]"\n1,2\n')).columns == ("flow\n[m3/h]",)


# -- times ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
        ("2026-01-05T09:00:00+09:00", "2026-01-05T00:00:00Z"),
        ("2026-01-05 09:00:00 -0330", "2026-01-05T12:30:00Z"),
        ("2026-01-05 09:00:00.123456", "2026-01-05T09:00:00.123456Z"),
        ("2026-01-05 09:00:00,5", "2026-01-05T09:00:00.500000Z"),
        ("2026/01/05 09:00", "2026-01-05T09:00:00Z"),
        ("2026/1/5 9:00:07", "2026-01-05T09:00:07Z"),
        ("2026.01.05 09:00", "2026-01-05T09:00:00Z"),
        ("2026. 1. 5. 9:00", "2026-01-05T09:00:00Z"),
        ("2026-01-05", "2026-01-05T00:00:00Z"),
        ("2026-01-05 24:00", "2026-01-06T00:00:00Z"),
        ("2026-01-05 오후 3:04:05", "2026-01-05T15:04:05Z"),
        ("2026-01-05 오전 12:04:05", "2026-01-05T00:04:05Z"),
        ("2026-01-05 12:30 PM", "2026-01-05T12:30:00Z"),
        ("20260105", "2026-01-05T00:00:00Z"),
        ("20260105090007", "2026-01-05T09:00:07Z"),
        ("202601050900", "2026-01-05T09:00:00Z"),
        ("20260105T090007.5Z", "2026-01-05T09:00:07.500000Z"),
        ("1767603600", "2026-01-05T09:00:00Z"),
        ("1767603600.25", "2026-01-05T09:00:00.250000Z"),
        ("1767603600250", "2026-01-05T09:00:00.250000Z"),
        ("1767603600250000", "2026-01-05T09:00:00.250000Z"),
        ("1767603600250000000", "2026-01-05T09:00:00.250000Z"),
        ("0", "1970-01-01T00:00:00Z"),
        ("  2026-01-05T09:00:00Z ", "2026-01-05T09:00:00Z"),
    ],
)
def test_a_time_is_read(cell, utc):
    assert times_of([cell], UTC).tolist() == [parse(utc)]


@pytest.mark.parametrize(
    "cell",
    ["", "soon", "2026-13-01", "2026-02-29", "2026-01-05 25:00", "2026-01-05 24:01", "2026-01-05 09:60",
     "1/5/2026", "2026-01-05 13:00 PM", "0026-01-05", "9999-12-31", "-5", "nan",
     "99999999999999999999", "2026-01-05x"],
)  # fmt: skip
def test_what_is_no_time_is_not_taken_for_one(cell):
    assert times_of([cell], UTC).tolist() == [NO_TIME]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), st.sampled_from([" ", "T"]))
def test_every_iso_time_is_read_to_the_microsecond(moment, between):
    assert times_of([moment.isoformat(between)], UTC)[0] == of_datetime(moment)


@pytest.mark.parametrize(
    ("series", "seconds"),
    [
        (pl.Series([datetime(2026, 1, 5, 9)], dtype=pl.Datetime("ms")), 0),
        (pl.Series([datetime(2026, 1, 5, 18)]).dt.replace_time_zone("Asia/Seoul"), 0),
        (pl.Series([datetime(2026, 1, 5)]).cast(pl.Date), -9 * 3600),
        (pl.Series([T0]), 0),
        (pl.Series([T0 / SECOND + 0.25]), 0.25),
        (pl.Series([T0 / SECOND * 1e3]), 0),
        (pl.Series([20260105090000]), 0),
    ],
)
def test_times_come_in_every_type_a_column_may_have(series, seconds):
    assert times_of(series, UTC).tolist() == [T0 + round(seconds * SECOND)]


ZONES = ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")


@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(ZONES),
)
def test_a_zone_is_kept_to_as_the_standard_library_does(moments, name):
    where = zone(name)
    utc = [moment.replace(tzinfo=UTC) for moment in moments]
    walls = [moment.astimezone(where).replace(tzinfo=None) for moment in utc]
    got = times_of([wall.isoformat() for wall in walls], where).tolist()
    for wall, time, moment in zip(walls, got, utc, strict=True):
        folds = {of_datetime(wall.replace(tzinfo=where, fold=fold)) for fold in (0, 1)}
        assert time in folds
        assert of_datetime(moment) in folds


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize(
    ("name", "day", "steps_min"),
    [
        ("Europe/Berlin", "2026-10-24", (60, 30, 15, 1)),
        ("America/New_York", "2026-10-31", (60, 30, 15, 1)),
        ("Australia/Lord_Howe", "2026-04-04", (30, 15, 1)),  # put back by half an hour
    ],
)
def test_the_doubled_hour_is_resolved_by_file_order(is_newest_first, name, day, steps_min):
    where = zone(name)
    for step in steps_min:
        start = datetime.fromisoformat(day).replace(tzinfo=UTC)
        rows = [start + timedelta(minutes=i * step) for i in range(3 * 24 * 60 // step)]
        rows = rows[::-1] if is_newest_first else rows
        cells = [moment.astimezone(where).strftime("%Y-%m-%d %H:%M") for moment in rows]
        assert len(set(cells)) < len(cells)
        assert times_of(cells, where).tolist() == [of_datetime(moment) for moment in rows]


def test_a_time_that_the_clock_leapt_over_is_no_time():
    where = zone("Europe/Berlin")
    assert times_of(["2026-03-29 02:30", "2026-03-29 03:00"], where)[0] == NO_TIME
    assert time_fault("2026-03-29 02:30", where) == (
        "time '2026-03-29 02:30' does not exist in Europe/Berlin, where clocks are put forward. Name its own zone."
    )


def test_times_without_a_zone_are_taken_in_the_zone_given(put):
    path = put("time,x\n2026-01-05 18:00,1\n2026-01-05T09:00:01Z,2\n")
    assert read_table(path, zone="Asia/Seoul").time.tolist() == THREE[:2]
    with pytest.raises(InputError, match=r"Time zone 'Asia/Soul' is not known\. Did you mean 'Asia/Seoul'"):
        lint_table(path, zone="Asia/Soul")


@pytest.mark.parametrize(
    "header",
    ["x,DateTime,y", "x,timestamp,date", "date,시각,x", "x,일시,y", "a,b,c", ",b,c"],
)
def test_the_time_column_is_found_by_its_name_or_by_what_it_holds(put, header):
    column = next(
        (i for i, name in enumerate(header.split(",")) if name in ("DateTime", "timestamp", "시각", "일시")),
        0,
    )
    cells = ["7", "8", "9"]
    cells[column] = "2026-01-05 09:00:00"
    assert read_table(put(f"{header}\n{','.join(cells)}\n")).time.tolist() == [T0]


def test_a_number_is_taken_for_a_time_without_a_name_only_if_it_rises_within_our_century(put):
    assert read_table(put("n,t\n5,1767603600\n6,1767603601\n")).columns == ("n",)
    assert shown(put("n,t\n5,1767603601\n6,1767603600\n")) == [
        "data.csv:1  has no column of times. Name one 'time', with times such as 2026-01-05T09:00:00 in it."
    ]


def test_a_date_beside_a_clock_is_one_time(put):
    table = read_table(put("Date,Time,x\n2026/01/05,09:00:00,1\n2026/01/05,9:00:01,2\n"))
    assert table.time.tolist() == THREE[:2]
    assert table.columns == ("x",)


def test_elapsed_minutes_count_from_1970(put):
    assert read_table(put("minute,x\n0,1\n3,2\n")).time.tolist() == [0, 180 * SECOND]


# -- order ---------------------------------------------------------------------------------------------------


def test_rows_are_put_in_order_and_the_last_of_equal_times_stays(put):
    table = read_table(put("time,x\n10,1\n12,2\n11,3\n12,4\n13,5\n"))
    assert (table.time // SECOND).tolist() == [10, 11, 12, 13]
    assert table.values[:, 0].tolist() == [1, 3, 4, 5]
    assert (table.reordered, table.doubled) == (1, 1)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_order_and_doubles_are_as_a_dictionary_would_have_them(tmp_path_factory, seconds):
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    path.write_text("time,x\n" + "".join(f"{s},{i}\n" for i, s in enumerate(seconds)))
    table = read_table(path)
    last = dict(sorted({s: i for i, s in enumerate(seconds)}.items()))
    assert (table.time // SECOND).tolist() == list(last)
    assert table.values[:, 0].tolist() == list(last.values())
    assert table.doubled == len(seconds) - len(last)
    assert table.reordered == sum(s < max(seconds[: i + 1]) for i, s in enumerate(seconds))


# -- columns -------------------------------------------------------------------------------------------------

PLANT = "time,TI-101,level,note,anomaly,Label\n1,20,5,ok,0,1\n2,21,6,ok,1,0\n"


def test_truth_and_texts_are_no_signals_and_that_is_said(put):
    table = read_table(put(PLANT))
    assert table.columns == ("TI-101", "level")
    assert table.dropped == ("note", "anomaly", "Label")


def test_columns_are_dropped_by_name(put):
    table = read_table(put(PLANT), drop=("level",))
    assert table.columns == ("TI-101",)
    assert table.dropped == ("level", "note", "anomaly", "Label")


def test_a_name_that_is_there_twice_may_be_dropped(put):
    table = read_table(put("time,x,y,x\n1,2,3,4\n"), drop=("x",))
    assert table.columns == ("y",)
    assert table.dropped == ("x", "x")


def test_two_tags_may_share_a_column_and_its_faults_are_told_once(put):
    tags = (Tag(name="L/x"), Tag(name="M/x"))
    assert read_table(put("time,x\n1,2\n"), tags=tags).values.tolist() == [[2, 2]]
    assert len(shown(put("time,x\n1,bad\n"), tags=tags)) == 1


def test_a_truth_column_comes_back_as_labels(put):
    table = read_table(put(PLANT.replace("1,20", "3,20")), labels=("anomaly", "level"))
    assert table.columns == ("TI-101",)
    assert {name: column.tolist() for name, column in table.labels.items()} == {
        "anomaly": [1, 0],
        "level": [6, 5],
    }
    assert table.dropped == ("note", "Label")


def test_tags_find_their_columns_by_address_name_or_last_level(put):
    tags = (Tag(name="L/A", address="anomaly"), Tag(name="L/U/level"), Tag(name="L/T", address="TI-101"))
    table = read_table(put(PLANT), tags=tags)
    assert table.columns == ("anomaly", "level", "TI-101")
    assert table.values[0].tolist() == [0, 5, 20]
    assert table.tags == tags
    assert table.dropped == ("note", "Label")


def test_an_address_of_another_source_does_not_hide_the_name(put):
    assert read_table(put("time,L/A\n1,2\n"), tags=[Tag(name="L/A", address="ns=2;s=A")]).columns == ("L/A",)


def test_a_dropped_or_truth_column_is_never_a_tag(put):
    tags = (Tag(name="L/level"), Tag(name="L/anomaly"), Tag(name="L/T", address="TI-101"))
    table = read_table(put(PLANT), tags=tags, drop=("level",), labels=("anomaly",))
    assert table.tags == tags[2:]
    assert table.columns == ("TI-101",)


def test_an_empty_column_is_left_out_unless_a_tag_names_it(put):
    path = put("time,x,empty,\n1,2,,\n2,3,-,\n")
    assert read_table(path).dropped == ("empty",)
    assert np.isnan(read_table(path, tags=[Tag(name="L/empty")]).values).all()


# -- faults --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "  is empty. Its first line names the columns."),
        ("time,x\n", ":1  holds no rows of data below its header."),
        ("time,x\n1,a\n", ":1  holds no column of numbers beside its times."),
        ("time,x\n1,1\nsoon,2\n", ":3  time 'soon' is not a time. 2026-01-05T09:00:00, 2026/01/05 09:00 or "
                                  "seconds since 1970 fit."),
        ("time,x\n1,1\n,2\n", ":3  time is empty. Every row needs one."),
        ("time,x\n1/5/2026 9:00,1\n", ":2  time '1/5/2026 9:00' may have the day or the month first. Write "
                                      "it as 2026-01-05 09:00:00."),
        ("time,x\n1,1\n2,3\n\n3,#REF!\n", ":5  column 'x': '#REF!' is not a number."),
        ("time,x\n1,1\n2,inf\n3,1\n", ":3  column 'x': 'inf' is not a number."),
        ("time,x,y\n1,1,\n2,3,4,5\n", ":3  This row has 4 cells, the header names 3 columns. Quote a cell "
                                      "that holds ','."),
        ('time,x\n1,1\n2,"3\n', ":3  The row that begins here does not read as CSV (unexpected end of data). "
                                "Close its quotes."),
        ("time,x,y,x\n1,2,3,4\n", ":1  column 'x' is there twice (columns 2 and 4). Rename or drop one."),
        ("2026-01-05,1\n2026-01-06,2\n", ":1  begins with data. Its first line must name the columns."),
        ("time;x;y\n1;1,5;2,5\n2;1.234,5;2,5\n3;1,5;2,5\n", ":3  column 'x': '1.234,5' is not a number."),
        ("time;x;y\n1;1,5;2,5\n2;1.234;2,5\n3;1,5;2,5\n", ":3  column 'x': '1.234' is not a number."),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_fits(put, text, expected):
    path = put(text)
    assert shown(path) == [f"data.csv{expected}"]
    with pytest.raises(InputError, match=re.escape(expected)):
        read_table(path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"tags": [Tag(name="L/T", address="TI-1O1")]},
            "column 'TI-1O1' is not there. Did you mean 'TI-101'?",
        ),
        ({"tags": [Tag(name="L/U/levle")]}, "column 'levle' is not there. Did you mean 'level'?"),
        ({"drop": ["leve"]}, "column 'leve' is not there. Did you mean 'level'?"),
        ({"labels": ["anomoly"]}, "column 'anomoly' is not there. Did you mean 'anomaly'?"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest(put, options, expected):
    assert shown(put(PLANT), **options) == [f"data.csv:1  {expected}"]


def test_a_text_column_that_a_tag_names_is_a_fault(put):
    assert shown(put(PLANT), tags=[Tag(name="L/note")]) == [
        "data.csv:2  column 'note': 'ok' is not a number.",
        "data.csv:3  column 'note': 'ok' is not a number.",
    ]


def test_many_faulty_cells_are_told_by_the_first_few_and_a_count(put):
    rows = "".join(f"{i},{'x' if i % 2 else i}\n" for i in range(1, 22))
    assert shown(put("time,x\n" + rows), tags=[Tag(name="L/x")]) == [
        "data.csv:2  column 'x': 'x' is not a number.",
        "data.csv:4  column 'x': 'x' is not a number.",
        "data.csv:6  column 'x': 'x' is not a number.",
        "data.csv:8  column 'x': 8 more cells from here on are no numbers.",
    ]


def test_all_faults_come_at_once(put):
    text = "time,a,b,b\nsoon,1,1,1\n1,2,2,2,9\n2,x,1,1\n3,4,1,1\n"
    tags = [Tag(name="L/a"), Tag(name="L/c")]
    assert [problem.split("  ")[0] for problem in shown(put(text), tags=tags)] == [
        "data.csv:1", "data.csv:1", "data.csv:2", "data.csv:3", "data.csv:4",
    ]  # fmt: skip


def test_lines_are_right_below_a_cell_that_runs_over_two(put):
    assert shown(put('time,x,note\n1,1,"two\nlines"\n\n2,1,\n3,?!,\n')) == [
        "data.csv:6  column 'x': '?!' is not a number."
    ]


def test_a_row_of_excel_is_told_by_its_number_and_one_of_parquet_as_a_row(tmp_path):
    rows = [["time", "x"], [1, 1], [2, "bad"], [3, 1]]
    assert shown(workbook(tmp_path / "a.xlsx", Data=[[], *rows])) == [
        f"{tmp_path / 'a.xlsx'}:4  column 'x': 'bad' is not a number."
    ]
    pl.DataFrame({"time": [1, 2, 3], "x": ["1", "bad", "1"]}).write_parquet(tmp_path / "a.parquet")
    assert shown(tmp_path / "a.parquet") == [f"{tmp_path / 'a.parquet'}  row 2: column 'x': 'bad' is not a number."]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.parquet", "is no Parquet file that can be read"),
        ("a.xlsx", "is no Excel file that can be read"),
        ("a.csv", "is no text in UTF-8 or CP949"),
    ],
)
def test_a_file_of_another_kind_than_its_name_says_is_refused(tmp_path, name, expected):
    (tmp_path / name).write_bytes(b"\0\1\2 no table")
    with pytest.raises(InputError, match=expected):
        read_table(tmp_path / name)


def test_an_empty_sheet_is_refused_with_the_others(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Empty=[], Data=[["time", "x"], [1, 2]])
    with pytest.raises(InputError, match=r"sheet 'Empty' is empty\. Sheets: Empty, Data"):
        read_table(path)
    path = workbook(tmp_path / "b.xlsx", Data=[["time", "x"]])
    with pytest.raises(InputError, match="holds no rows of data below its header"):
        read_table(path)


def test_a_file_that_is_not_there_is_a_fault_with_the_nearest(put):
    put(CSV)
    assert shown("dta.csv") == ["dta.csv  There is no such file. Did you mean 'data.csv'?"]


# -- real recordings -----------------------------------------------------------------------------------------


@pytest.fixture
def data() -> Path:
    root = os.environ.get("TESTBED_DATA")
    if not root:
        pytest.skip("TESTBED_DATA is not set")
    return Path(root)


STEEL_TEXTS = ("date", "WeekStatus", "Day_of_week", "Load_Type")


@pytest.mark.parametrize(
    ("path", "shape", "dropped", "doubled"),
    [
        ("skab/data/valve1/0.csv", (1147, 8), ("anomaly", "changepoint"), 0),
        ("skab/data/anomaly-free/anomaly-free.csv", (9405, 8), (), 0),
        ("batadal/data/dataset04.csv", (4177, 44), (), 0),
        ("nab/data/realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv", (4719, 1), (), 11),
        ("steel-energy/shared/steel_energy.csv", (26_207, 7), STEEL_TEXTS, 0),
        ("tep/shared/d04_test.parquet", (960, 53), ("label",), 0),
    ],
)  # fmt: skip
def test_public_recordings_are_read_whole(data, path, shape, dropped, doubled):
    table = read_table(data / path)
    assert table.values.shape == shape
    assert table.dropped == dropped
    assert (table.reordered, table.doubled) == (0, doubled)
    assert not np.isnan(table.values).any()
