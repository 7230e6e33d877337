"""What `testbed watch --publish` finds arrives, though the receiver was away and the watch killed twice."""

from __future__ import annotations

import pytest

from tests.drills.spool import drill


@pytest.mark.timeout(300)
async def test_nothing_is_lost_when_the_receiver_is_away_and_the_watch_killed_twice(tmp_path):
    outcome = await drill(tmp_path, 6.0)
    assert outcome.is_whole, outcome
    assert outcome.results > 500


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_in_ten_minutes(tmp_path):
    outcome = await drill(tmp_path, 600.0)
    assert outcome.is_whole, outcome
    assert outcome.results > 200_000
