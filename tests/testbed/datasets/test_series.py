"""Labelled series: what is taken, what is left out, and what is told of a list that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import InputError
from testbed.datasets.series import SKAB_HEAD, load
from tests.skab import write_skab
from tests.tep import write_tep


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_skab(tmp_path, "data/valve1/0.csv")
    write_skab(tmp_path, "data/valve1/1.csv", fault=(450, 470))
    write_skab(tmp_path, "data/anomaly-free/anomaly-free.csv", labelled=False)
    return tmp_path


def test_labelled_files_are_series_and_their_labels_no_signals(root):
    found = load("skab", root)
    assert [series.path for series in found] == ["data/valve1/0.csv", "data/valve1/1.csv"]
    source = found[0].source()
    names = [tag.name for group in source.groups for tag in group.tags]
    assert names == [tag.name for tag in found[1].tags]
    assert not any("anomaly" in name or "changepoint" in name for name in names)
    assert source.table.labels["anomaly"].sum() == 60
    assert found[0].head == SKAB_HEAD


def test_a_list_chooses_and_annotations_in_it_are_passed_over(root, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("# some\ndata/valve1/1.csv\n\ndata/valve1/1.csv\nlabels/any.json\n", encoding="utf-8")
    assert [series.path for series in load("skab", root, listed)] == ["data/valve1/1.csv"]


def test_what_a_list_names_wrongly_is_told_with_the_nearest(root, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("data/valve1/7.csv\ndata/anomaly-free/anomaly-free.csv\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"2 listed files .*data/valve1/7\.csv.*Did you mean 'data/valve1"):
        load("skab", root, listed)


def test_a_set_or_place_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'skab'"):
        load("skap", tmp_path)
    with pytest.raises(InputError, match="--root"):
        load("skab", tmp_path / "nowhere")
    with pytest.raises(InputError, match="no labelled file"):
        load("skab", tmp_path)


def test_a_file_that_ends_with_its_head_is_refused(tmp_path):
    write_skab(tmp_path, "0.csv", rows=SKAB_HEAD, fault=(0, 0))
    with pytest.raises(InputError, match="nothing is left to score"):
        load("skab", tmp_path)[0].source()


def test_a_set_with_normal_runs_teaches_from_them_and_scores_every_row_of_the_others(tmp_path):
    for name, fault in (("d00_train", 0), ("d00_test", 0), ("d01_train", 1), ("d01_test", 1), ("d09_test", 9)):
        write_tep(tmp_path / "part", f"{name}.parquet", fault=fault)
    found = load("tep", tmp_path)
    assert [series.path for series in found] == ["part/d01_test.parquet", "part/d09_test.parquet"]
    assert [path.name for path in found[0].normal] == ["d00_train.parquet", "d00_test.parquet"]
    assert [(series.head, series.is_hidden) for series in found] == [(0, False), (0, True)]
    source = found[0].source()
    assert not any("label" in tag.name or "fault" in tag.name for group in source.groups for tag in group.tags)
    assert int(source.table.labels["label"].sum()) == 140


def test_normal_runs_may_lie_in_another_part_and_are_asked_for_where_there_are_none(tmp_path):
    write_tep(tmp_path / "late", "d02_test.parquet", fault=2)
    with pytest.raises(InputError, match="tep needs its normal runs"):
        load("tep", tmp_path / "late")
    for name in ("d00_train", "d00_test"):
        write_tep(tmp_path / "early", f"{name}.parquet")
    assert load("tep", tmp_path / "late")[0].normal[0].parent.name == "early"
