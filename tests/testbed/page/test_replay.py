"""A record on the page says what its report says; no record but those of the told folders is ever opened."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import testbed
from connectors.errors import InputError
from connectors.texts import speaking
from connectors.users import Users
from testbed.cli import run_cli
from testbed.page.access import Access
from testbed.page.records import Records
from testbed.page.replay import ROWS, Replay, outcome, stretches
from tests.testbed.page.coil import FALSE_M, MARKS, coil_record
from tests.testbed.page.visit import serving

NAME = "caster-sticker-1-1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one record in it, and one beside it that nobody told of."""
    root = tmp_path_factory.mktemp("page")
    testbed.run("caster-sticker", seed=1, out=root / "runs" / NAME)
    testbed.run("caster-sticker", seed=2, models=[], out=root / "beside" / "secret")
    (root / "runs" / "link").symlink_to(root / "beside" / "secret")
    return root / "runs"


@pytest.fixture(scope="module")
def replay(folder):
    return Replay(folder / NAME)


@pytest.fixture(scope="module")
def served(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(folder.parent / "home"))
        with serving(folder) as page:
            yield page


def told(served, path: str, **headers: str):
    status, _, body = served.ask(path=path, **headers)
    assert status == 200, (status, body)
    return json.loads(body)


def test_the_figures_are_those_of_the_report_in_both_languages(replay, folder):
    score = json.loads((folder / NAME / "score.json").read_text("utf-8"))
    plain = replay.plain()
    fault, mine = score["faults"][0], next(one for one in plain["truths"] if one["is_fault"])
    assert (mine["onset"], mine["deadline"], mine["found_at"]) == (
        fault["onset"], fault["deadline"], fault["detected_at"]
    )  # fmt: skip
    assert (mine["delay_s"], mine["lead_s"], mine["verdict"]) == (fault["delay_s"], fault["lead_s"], "found")
    assert plain["outcome"]["digest"] == score["digest"] and plain["outcome"]["met"] == score["met"]
    for language in ("en", "ko"):
        with speaking(language):
            page = replay.run.report()
        assert mine["delay_s_text"][language] in page and mine["lead_s_text"][language] in page
        assert mine["what"][language] in page


def test_the_tags_of_a_fault_are_those_its_alarm_rests_on(replay):
    mine = next(one for one in replay.plain()["truths"] if one["is_fault"])
    assert [name.rsplit("/", 1)[-1] for name in mine["tags"]][:1] == ["TC_FF_1_6"]
    assert replay.plain()["trends"][: len(mine["tags"])] == mine["tags"]


def test_a_missed_fault_is_told_as_missed():
    fault = {"in_time": True, "detected": False, "detected_at": None}
    late = {"in_time": True, "detected": False, "detected_at": 3.0}
    score = {"faults": [fault, late], "false_alarms": 2, "forbidden": [], "blind_s": 0.0, "met": False, "digest": None,
             "samples": {"lost": 0}}  # fmt: skip
    found = outcome(score)
    assert (found["found"], found["faults"], found["missed"], found["late"]) == (0, 2, 1, 1)


def test_a_row_holds_the_lowest_and_highest_sample_of_its_stretch(replay):
    name = "POH/STEEL/CC1/S1.MOLD/LVL_PV"
    column = [tag.name for tag in replay.tags].index(name)
    trace = replay.view.signals.trace(name)
    rows = replay.rows([column], 0.0, 180.0, 18)
    for i in range(18):
        mine = trace.value[(trace.time > 10 * i + 1e-6) & (trace.time <= 10 * (i + 1) + 1e-6)]
        assert np.allclose(rows[i], [mine.min(), mine.max()], atol=1e-4)


def test_stretches_without_a_sample_are_empty():
    low, high = stretches(np.array([1.0, 1.5, 4.0]), np.array([3.0, np.nan, 5.0]), np.array([0.0, 2.0, 3.0, 4.0, 9.0]))
    assert np.array_equal(low, [3, np.nan, 5, np.nan], equal_nan=True)
    assert np.array_equal(high, low, equal_nan=True)


@pytest.mark.parametrize(
    "asked",
    [([], 0, 1, 1), ([10_000], 0, 1, 1), ([-1], 0, 1, 1), ([0], 1, 0, 1), ([0], 0, 1, ROWS + 1), ([0], 0, 1, 0),
     ([0], float("nan"), 1, 1), ([0], 0, float("inf"), 1)],
)  # fmt: skip
def test_curves_that_do_not_fit_are_refused(replay, asked):
    with pytest.raises(InputError):
        replay.rows(*asked)


def test_metres_follow_the_casting_speed(replay):
    axis = replay.plain()["metres"][0]
    assert axis["parts"][0]["part"].startswith("S")
    since, until = axis["parts"][0]["from"], axis["parts"][0]["to"]
    metres = [m for s, m in zip(axis["s"], axis["m"], strict=True) if since <= s <= until]
    assert metres == sorted(metres) and 1.0 < metres[-1] < 3.0  # two minutes, of which one at 0.2 m/min


def test_a_coil_tells_its_marks_its_metres_and_what_the_camera_saw(tmp_path):
    plain = Replay(coil_record(tmp_path / "coil")).plain()
    assert [(one["box"][1], one["verdict"]) for one in plain["truths"]] == [
        (metre, "found" if is_found else "missed") for _, metre, is_found in MARKS
    ]
    false = next(one for one in plain["alarms"] if one["kind"] == "false")
    assert false["box"][1] == FALSE_M and false["picture"]
    assert [(row["marks"], row["found"]) for row in plain["classes"]] == [(2, 1), (1, 1)]
    axis = plain["metres"][0]
    assert axis["parts"][0]["part"] == "H1" and axis["m"][-1] == pytest.approx(8.0 * 9.9, abs=0.1)
    seconds = [one["onset"] for one in plain["truths"]]
    assert np.interp(seconds, axis["s"], axis["m"]) == pytest.approx([metre for _, metre, _ in MARKS], abs=0.1)


def test_a_picture_is_one_and_nothing_else_is_given_out(tmp_path):
    folder = coil_record(tmp_path / "coil")
    first = folder / "evidence" / "00001.png"
    first.unlink()
    first.symlink_to("/etc/passwd")
    replay = Replay(folder)
    assert replay.picture(0) == b"" and replay.picture(1).startswith(b"\x89PNG") and replay.picture(99) == b""
    assert [one["picture"] for one in replay.plain()["alarms"]] == [False, True, True]


def test_records_are_listed_and_links_that_lead_out_are_none(served, folder):
    found = told(served, "/records.json")
    assert [one["folder"] for one in found["records"]] == [NAME]
    assert found["records"][0]["found"] == found["records"][0]["faults"] == 1
    assert Records([folder]).open("0.link") is None
    assert Records([folder / NAME]).first == "0" and Records([folder]).first is None


@pytest.mark.parametrize(
    "name", ["0.link", "0...%2fbeside%2fsecret", "0.%2e%2e", "..%2fbeside%2fsecret", "1.x", "%2fetc", "0", "0."]
)
def test_nothing_beside_the_told_folders_is_opened(served, name):
    for path in ("about.json", "rows?columns=0&from=0&to=1&n=1", "picture/0", "report/en", "export/csv"):
        assert served.ask(path=f"/record/{name}/{path}")[0] in (404, 422)


def test_what_does_not_fit_is_said_in_the_language_of_the_page(served):
    status, _, body = served.ask(path=f"/record/0.{NAME}/rows?columns=x&from=0&to=1&n=1&lang=ko")
    assert status == 422 and "기록" in body.decode()
    status, _, body = served.ask(path=f"/record/0.{NAME}/export/exe")
    assert status == 422 and "--format takes" in body.decode()
    assert served.ask(path=f"/record/0.{NAME}/report/xx")[0] == 404
    assert served.ask(path=f"/record/0.{NAME}/picture/0")[0] == 404  # a caster has no camera


def test_a_foreign_page_gets_no_record(served):
    for site in ("cross-site", "same-site"):
        assert served.ask(path="/records.json", Sec_Fetch_Site=site)[0] == 403
    assert served.ask(path="/records.json", Sec_Fetch_Site="same-origin")[0] == 200


def test_rows_come_as_numbers_a_page_can_draw(served, replay):
    status, _, body = served.ask(path=f"/record/0.{NAME}/rows?columns=0,3&from=0&to=180&n=100")
    assert status == 200
    mine = np.frombuffer(body, np.float32).reshape(100, 4)
    assert np.array_equal(mine, replay.rows([0, 3], 0.0, 180.0, 100), equal_nan=True)


def test_a_page_exports_the_stretch_it_shows(served):
    status, headers, body = served.ask(path=f"/record/0.{NAME}/export/csv?from=60&to=70&lang=ko")
    assert status == 200 and f"{NAME}-csv.zip" in headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert pl.read_csv(archive.read("signals/mold.csv"))["s"].max() < 70
    lines = (Path(os.environ["TESTBED_HOME"]) / "page.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[-1])["tag"] == "export"


def test_beyond_loopback_nobody_unknown_sees_a_record(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path))
    Users().add("vera", "password of vera", role="viewer")
    with serving(folder, Access(is_open=False)) as page:
        for path in ("/records.json", f"/record/0.{NAME}/about.json", f"/record/0.{NAME}/export/csv"):
            assert page.ask(path=path)[0] == 403


def test_a_folder_that_is_none_is_told(tmp_path, capsys):
    assert run_cli(["demo", "--no-browser", "--records", str(tmp_path / "none")]) == 2
    assert "--records takes a record or a folder of records" in capsys.readouterr().err
