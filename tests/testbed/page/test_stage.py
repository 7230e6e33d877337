"""A story on the page: the same run as without one, held and reset at will, reached into, and scored."""

from __future__ import annotations

import struct
from itertools import pairwise

import cv2
import numpy as np
import pytest

from connectors.home import home
from testbed.library import load
from testbed.record import RunRecord
from testbed.running import Order, carry_out
from tests.testbed.page.visit import serving


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with serving(tmp_path / "runs") as page:
        yield page


def started(page, story="caster-sticker", speed="max", ai=True, seed=1):
    visit = page.visit()
    visit.read()
    assert visit.order("start", story=story, seed=seed, speed=speed, ai=ai) == ""
    return visit


def test_a_run_is_the_same_with_page_and_without(served):
    visit = started(served)
    told = visit.until(lambda told: told.get("state", {}).get("phase") == "done")
    alone = carry_out(Order(load("caster-sticker")))
    assert told["state"]["outcome"]["digest"] == alone.score["digest"] is not None
    assert told["state"]["outcome"]["met"]
    assert told["state"]["alarms"]["list"][0]["verdict"] == "right"
    assert served.ask(path=f"/report/{told['run']}/ko")[0] == 200
    assert "모의".encode() in served.ask(path=f"/report/{told['run']}/ko")[2]
    assert b"simulated" in served.ask(path=f"/report/{told['run']}/en")[2].lower()
    assert served.ask(path=f"/report/{told['run'] + 1}/en")[0] == 404


def test_a_page_is_given_every_row_of_the_tags_it_draws_once(served):
    visit = started(served)
    begin = visit.until(lambda told: told.get("begin"))["begin"]
    names = [tag["name"] for tag in begin["tags"]]
    column = names.index("POH/STEEL/CC1/S1.MOLD/V_CAST")
    visit.send(do="watch", run=visit.told["run"], watch=1, columns=[column], picture=False)
    visit.until(lambda told: told["state"]["phase"] == "done")
    while not visit.rows or visit.rows[-1][1] < begin["rows"]:
        visit.read()
    given = [(since, until, data) for since, until, data in visit.rows if data]
    assert given[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(given))
    values = np.frombuffer(b"".join(data for *_, data in given), np.float32).reshape(-1, 2)
    assert len(values) == begin["rows"]
    assert 0.15 < np.nanmin(values) < 0.3 and 1.1 < np.nanmax(values) < 1.5  # slowed down by the alarm's answer
    assert struct.calcsize("<f") * 2 * begin["rows"] == sum(len(data) for *_, data in given)


def test_a_story_is_held_goes_on_and_is_reset(served):
    visit = started(served, speed="10")
    visit.until(lambda told: told.get("t", 0) > 1.0)
    assert visit.order("hold", held=True) == ""
    visit.until(lambda told: told["state"]["held"])
    assert visit.order("hold", held=False) == ""
    visit.until(lambda told: not told["state"]["held"])
    assert visit.order("speed", speed="max") == ""
    assert visit.order("reset") == ""
    visit.until(lambda told: told["state"]["phase"] == "idle")
    assert visit.order("start", story="caster-sticker", seed=2, speed="max", ai=True) == ""
    visit.until(lambda told: told["state"]["phase"] == "done" and told["state"]["seed"] == 2)


def test_what_is_injected_from_the_page_is_in_the_record_in_the_truth_and_in_the_score(served):
    visit = started(served, speed="5")
    visit.until(lambda told: told.get("t", 0) > 1.0)
    assert visit.order("inject", kind="loose_thermocouple", where="", severity="", params={}) == ""
    assert "knows no fault" in visit.order("inject", kind="nix", where="", severity="", params={})
    visit.order("speed", speed="max")
    visit.until(lambda told: told["state"]["phase"] == "done")
    show = served.stage.show
    record = RunRecord(show.folder)
    (asked,) = [line for line in record.lines("steps") if line["kind"] == "asked"]
    assert asked["name"] == "loose_thermocouple" and asked["details"]["source"] == "page/here"
    assert sum(truth.name == "loose_thermocouple" for truth in record.truths()) == 2
    assert sum(entry["name"] == "loose_thermocouple" for entry in show.result.score["lookalikes"]) == 2
    did = [line for line in (home() / "page.jsonl").read_text().splitlines() if '"inject"' in line]
    assert len(did) == 2


def test_without_ai_nobody_warns_and_the_loss_is_shown_beside(served):
    visit = started(served, ai=False)
    visit.until(lambda told: told.get("state", {}).get("phase") == "done")
    assert visit.told["state"]["alarms"]["total"] == 0
    assert [one["what"]["en"] for one in visit.told["state"]["alarms"]["struck"]] == ["sticker"]
    assert visit.told["state"]["meters"]["off"]["lost"]["high"] > 0
    visit.order("start", story="caster-sticker", seed=1, speed="max", ai=True)
    visit.until(lambda told: told["state"]["phase"] == "done" and told["state"]["ai"])
    meters = visit.told["state"]["meters"]
    assert meters["on"]["saved"]["high"] > 0 == meters["on"]["lost"]["high"]
    assert meters["on"]["assumed"]["breakout"][1] == 1.0e9


def test_two_pages_see_the_same_and_what_one_does(served):
    one = started(served)
    two = served.visit()
    for visit in (one, two):
        visit.until(lambda told: told.get("state", {}).get("phase") == "done")
    assert one.told["state"]["alarms"] == two.told["state"]["alarms"]
    ids = [alarm["id"] for alarm in one.told["state"]["alarms"]["list"]]
    assert one.order("acknowledge", ids=ids) == ""
    two.until(lambda told: told["state"]["alarms"]["unacknowledged"] == 0)
    assert two.order("shelve", id=ids[0], minutes=5, reason="<b>test</b>", by="kim") == ""
    one.until(lambda told: any(alarm["aside"] for alarm in told["state"]["alarms"]["list"]))
    assert "a name and a reason" in two.order("shelve", id=ids[0], minutes=5, reason=" ", by="kim")


def test_the_camera_is_shown_with_its_place_on_the_coil_and_what_was_found_there(served):
    visit = started(served, story="strip-surface", speed="5")
    begin = visit.until(lambda told: told.get("begin"))["begin"]
    assert begin["cameras"] == 1
    visit.send(do="watch", run=visit.told["run"], watch=1, columns=[], picture=True)
    heads = [visit.read()]
    while "picture" not in heads[-1]:
        heads.append(visit.read())
    shown, data = heads[-1]["picture"], visit.rows[-1][2]
    image = cv2.imdecode(np.frombuffer(data[-shown["bytes"] :], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert abs(image.shape[0] / image.shape[1] - shown["lines"] / shown["pixels"]) < 0.01
    assert shown["mm"] == 0.5 and shown["at"] >= 0
    assert visit.order("speed", speed="max") == ""
    boxes = visit.until(lambda told: told["state"]["alarms"]["list"])["state"]["alarms"]["list"][0]["box"]
    assert boxes[0] == shown["coil"]
    assert boxes[1] <= boxes[3] and 0 <= boxes[2] <= boxes[4] <= shown["pixels"] * shown["mm"]
    assert visit.order("reset") == ""
