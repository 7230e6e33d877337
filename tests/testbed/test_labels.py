"""Labels say what was found inside, and what had to be found before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.results import CONDITIONS
from connectors.times import SECOND, parse
from connectors.truth import Truth
from testbed.labels import labels_of_column, lint_labels, read_labels

HEADER = "start,end,name,where,kind,deadline\n"
DAY = "2026-01-05T"


def at(clock: str) -> int:
    return parse(f"{DAY}{clock}Z")


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str, encoding: str = "utf-8") -> str:
        (tmp_path / "stops.csv").write_bytes(text.encode(encoding))
        return "stops.csv"

    return write


def test_a_fault_is_found_inside_and_by_its_end(put):
    truths = read_labels(put("start,end,name\n2026-01-05 09:00,2026-01-05 10:00,leak\n"))
    assert truths == (
        Truth(name="leak", onset=at("09:00"), detectable_from=at("09:00"), alert_deadline=at("10:00"),
              cleared=at("10:00"), expects=CONDITIONS),
    )  # fmt: skip


def test_a_stop_is_found_before_it_begins(put):
    truth = read_labels(put(HEADER + "2026-01-05 09:00,2026-01-05 10:00,jam,L/F7,stop,\n"))[0]
    assert (truth.kind, truth.where) == ("stop", "L/F7")
    assert (truth.onset, truth.alert_deadline, truth.cleared) == (at("09:00"), at("09:00"), at("10:00"))
    assert truth.in_time


@pytest.mark.parametrize(("kind", "deadline"), [("fault", "09:30"), ("fault", "11:00"), ("stop", "08:30")])
def test_a_deadline_of_its_own_is_kept_to(put, kind, deadline):
    row = f"{DAY}09:00,{DAY}10:00,jam,,{kind},{DAY}{deadline}\n"
    truth = read_labels(put(HEADER + row))[0]
    assert truth.alert_deadline == at(deadline)
    assert truth.in_time


def test_times_without_a_zone_are_taken_in_the_zone_given(put):
    path = put("start,end,name\n2026/1/5 18:00,2026-01-05T10:00:00Z,leak\n")
    truth = read_labels(path, "Asia/Seoul")[0]
    assert (truth.onset, truth.cleared) == (at("09:00"), at("10:00"))
    with pytest.raises(InputError, match=r"Time zone 'Asia/Soul' is not known\. Did you mean 'Asia/Seoul'"):
        lint_labels(path, "Asia/Soul")


def test_korean_labels_are_read_from_cp949(put):
    assert read_labels(put("start;end;name\n2026-01-05;2026-01-06;누수\n", "cp949"))[0].name == "누수"


def test_a_recording_without_faults_has_an_empty_list(put):
    assert read_labels(put(HEADER)) == ()
    assert lint_labels(put(HEADER)) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("soon,{10},a,,,", ["start: time 'soon' is not a time. 2026-01-05T09:00:00, 2026/01/05 09:00 or "
                            "seconds since 1970 fit."]),
        ("{9},,a,,,", ["end: time is empty. Every row needs one."]),
        ("{9},{10},a,,,5/1/2026", ["deadline: time '5/1/2026' may have the day or the month first. Write it "
                                   "as 2026-01-05 09:00:00."]),
        ("{9},{10},,,,", ["name is empty. Say what happened, such as 'sticker'."]),
        ("{9},{10},a,,stopp,", ["kind 'stopp' is not known. Did you mean 'stop'?"]),
        ("{10},{9},a,,,", ["end {9} is before start {10}. Swap them."]),
        ("{10},{10},a,,,{9}", ["deadline {9} is before start {10}. A fault is found after it."]),
        ("{9},{10},a,,stop,{10}", ["deadline {10} is after start {9}. A stop is found before it."]),
        ("{9},{10}", ["This row has 2 cells, the header names 6 columns. Keep the separator of an empty "
                       "cell."]),
        ("soon,{10},,,x,", 3),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_fits(put, row, expected):
    def spelled(text: str) -> str:
        return text.replace("{9}", f"{DAY}09:00").replace("{10}", f"{DAY}10:00")

    path = put(HEADER + spelled(row) + "\n")
    problems = [str(problem) for problem in lint_labels(path)]
    if isinstance(expected, int):
        assert len(problems) == expected
    else:
        assert problems == [f"stops.csv:2  {spelled(text)}" for text in expected]
    with pytest.raises(InputError):
        read_labels(path)


def test_a_header_that_does_not_fit_is_told_once(put):
    assert [str(problem) for problem in lint_labels(put("strat,name\n1,a\n2,b\n"))] == [
        "stops.csv:1  column 'strat' is not known. Did you mean 'start'?",
        "stops.csv:1  column 'end' is not there. Columns that fit: start, end, name, where, kind, deadline.",
    ]


def test_a_file_that_is_not_there_is_a_fault(put):
    put(HEADER)
    assert [str(problem) for problem in lint_labels("stop.csv")] == [
        "stop.csv  There is no such file. Did you mean 'stops.csv'?"
    ]


@pytest.mark.parametrize(
    ("values", "stretches"),
    [
        ([0, 0, 0], []),
        ([1, 1, 1], [(0, 2)]),
        ([0, 1, 1, 0, 1], [(1, 2), (4, 4)]),
        ([0, 3, 4, 0], [(1, 2)]),
        ([np.nan, 1, np.nan, 1], [(1, 1), (3, 3)]),
        ([], []),
    ],
)
def test_a_column_of_truth_becomes_its_stretches(values, stretches):
    time = np.arange(len(values), dtype=np.int64) * SECOND
    truths = labels_of_column(time, np.array(values, np.float64), "anomaly", "L/F7")
    assert [(t.onset // SECOND, t.cleared // SECOND) for t in truths if t.cleared is not None] == stretches
    assert {(t.name, t.where, t.kind) for t in truths} <= {("anomaly", "L/F7", "fault")}
    assert all(t.alert_deadline == t.cleared and t.expects == CONDITIONS and t.in_time for t in truths)


@given(st.lists(st.booleans(), max_size=60))
def test_stretches_cover_exactly_the_rows_that_are_not_zero(rows):
    time = np.arange(len(rows), dtype=np.int64)
    truths = labels_of_column(time, np.array(rows, np.float64), "anomaly")
    covered = [t for truth in truths for t in range(truth.onset, (truth.cleared or 0) + 1)]
    assert covered == [i for i, is_on in enumerate(rows) if is_on]
