"""Every drill at a tenth of its length: shown within 3 s, data again within 5 s, and nothing unaccounted for."""

from __future__ import annotations

import asyncio

import pytest

from tests.drills.bench import DRILLS, Drill, Outcome, run_all

SHOWN_S, BACK_S, SHARE = 3.0, 5.0, 0.1
PLAIN = [drill for drill in DRILLS if not drill.wishes]
WISHED = [[drill] for drill in DRILLS if drill.wishes]


@pytest.mark.needs("node", "mosquitto")
@pytest.mark.timeout(240)
async def test_what_a_drill_breaks_is_shown_and_mended_and_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))

    async def outcomes(drills: list[Drill], over: str) -> list[Outcome]:
        return [outcome async for outcome in run_all(drills, over, tmp_path, SHARE)]

    lists = await asyncio.gather(  # side by side: most of a drill is waiting
        outcomes(PLAIN, "mqtt"), outcomes(PLAIN, "opcua"), *(outcomes(drills, "opcua") for drills in WISHED)
    )
    done = [outcome for part in lists for outcome in part]
    assert len(done) == sum(len(drill.over) for drill in DRILLS)
    assert not [o for o in done if o.shown_s is None or o.shown_s > SHOWN_S], "not shown in time"
    assert not [o for o in done if o.back_s is None or o.back_s > BACK_S], "not back in time"
    assert not [o for o in done if not o.adds_up], "samples unaccounted for"
    (replaced,) = [o for o in done if o.name == "certificate replaced"]
    assert "not trusted" in replaced.at_end
    (kept,) = [o for o in done if "history" in o.name]
    assert kept.filled > 0
    assert kept.lost == 0
