"""What a bench leaves behind: one JSON object, a page that fetches nothing, and nothing where it cannot write."""

from __future__ import annotations

import json

import pytest

from connectors.errors import InputError
from testbed.benching import Bench
from testbed.benching.columns import cell, parts, shown
from testbed.benching.command import Ask, show, tell

ROWS = [
    {"model": "mspc", "data": "skab", "f1": 0.7721, "far": 0.4, "found": 3, "faults": 4, "p50_ms": 0.0123, "lost": 0},
    {"model": "<b>rival", "data": "skab", "f1": None, "far": 1.0, "found": 4, "faults": 4, "lost": 0},
    {"model": "mspc", "scenario": "caster-sticker", "found_in_time": 1, "faults": 2, "lead_p50_s": 12.5, "lost": 1},
]


def ask(**more) -> Ask:
    plain = dict.fromkeys(("models", "data", "root", "train", "test", "out"))
    return Ask(**{**plain, "scenarios": (), "seeds": (1,), "over": "memory", "jobs": 1, "json": False, **more})


def test_columns_without_any_value_are_left_out():
    keys = shown(ROWS[:2])
    assert "scenario" not in keys
    assert "vus_pr" not in keys
    assert [cell(ROWS[1], key) for key in ("f1", "found", "far")] == ["–", "4/4", "1.000"]


def test_rows_of_one_set_or_scenario_stand_together():
    assert [len(part) for part in parts([ROWS[0], ROWS[2], ROWS[1]])] == [2, 1]


def test_the_page_holds_table_and_plots_and_fetches_nothing(tmp_path):
    bench = Bench(ROWS, {"data": "skab"})
    bench.keep(tmp_path / "out")
    page = (tmp_path / "out" / "bench.html").read_text("utf-8")
    assert "<b>rival" not in page  # a name is text
    assert page.count("<svg") >= 3
    assert "caster-sticker" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert json.loads((tmp_path / "out" / "bench.json").read_text("utf-8"))["rows"] == ROWS


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="absent or empty"):
        Bench(ROWS).keep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_losses_end_with_status_3_and_the_terminal_names_every_model(capsys):
    assert tell(ask(json=True), Bench(ROWS)) == 3
    assert json.loads(capsys.readouterr().out) == {"rows": ROWS, "digest": None, "lost": 1}
    assert tell(ask(), Bench(ROWS[:2])) == 0
    told = capsys.readouterr().out
    assert "mspc" in told
    assert "0.772" in told
    show(ROWS[2:])
    assert "1/2" in capsys.readouterr().out


def test_one_digest_stands_for_all_rows_that_have_one():
    rows = [{"model": "a", "digest": "1"}, {"model": "b", "digest": "2"}, {"model": "rival"}]
    digest = Bench(rows).score["digest"]
    assert digest is not None
    assert digest != Bench(rows[::-1]).score["digest"]
    assert Bench([*rows, {"model": "c", "digest": None}]).score["digest"] is None


def test_a_bench_shows_itself_in_a_notebook():
    assert "<table" in Bench(ROWS)._repr_html_()
