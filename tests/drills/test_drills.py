"""Every drill at a tenth of its length: shown within 3 s, data again within 5 s, and nothing unaccounted for."""

from __future__ import annotations

import pytest

from tests.drills.bench import DRILLS, run

SHOWN_S, BACK_S, SHARE = 3.0, 5.0, 0.1
CASES = [(drill, over) for drill in DRILLS for over in drill.over]


@pytest.mark.needs("node", "mosquitto")
@pytest.mark.parametrize(("drill", "over"), CASES, ids=[f"{over}-{drill.name}" for drill, over in CASES])
async def test_what_a_drill_breaks_is_shown_and_mended_and_counted(drill, over, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    outcome = await run(drill, over, tmp_path, SHARE)
    assert outcome.shown_s is not None, outcome
    assert outcome.shown_s <= SHOWN_S, outcome
    assert outcome.back_s is not None, outcome
    assert outcome.back_s <= BACK_S, outcome
    assert outcome.adds_up, outcome
