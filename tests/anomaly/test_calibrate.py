"""A threshold keeps its budget on data it never saw."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.calibrate import Budget, carried_h, threshold
from connectors.errors import InputError


def test_a_budget_is_kept_on_data_of_the_same_kind():
    rng = np.random.default_rng(1)
    runs = [rng.standard_normal(3600) for _ in range(60)]
    found = threshold(runs, 1.0, Budget.parse("1/24h"))
    fresh = rng.standard_normal(240 * 3600)
    alarms_in_24h = (fresh >= found.value).sum() / 10.0
    assert 0.1 <= alarms_in_24h <= 3.0
    assert found.method == "gumbel"


def test_a_stricter_budget_gives_a_higher_threshold():
    rng = np.random.default_rng(2)
    runs = [rng.standard_normal(3600) for _ in range(40)]
    values = [threshold(runs, 1.0, Budget.parse(text)).value for text in ("1/24h", "1/240h", "1/2000h")]
    assert values == sorted(values)
    assert len(set(values)) == 3


def test_a_budget_longer_than_the_data_is_not_put_below_what_they_reached():
    rng = np.random.default_rng(3)
    runs = [rng.standard_normal(3600) for _ in range(40)]
    runs[7][100] = 50.0
    assert threshold(runs, 1.0, Budget.parse("1/240h")).value >= 50.0


def test_too_little_data_for_a_tail_is_said_so():
    found = threshold([np.array([0.1, 0.5, 0.4])], 1.0, Budget.parse("1/24h"))
    assert found.method == "maximum"
    assert found.value == pytest.approx(0.55)


def test_blind_stretches_do_not_count():
    run = np.full(200, np.nan)
    with pytest.raises(InputError, match="no scored stretch"):
        threshold([run], 1.0, Budget.parse("1/24h"))


@pytest.mark.parametrize("text", ["", "24h", "1/", "0/24h", "1/-3h", "one/24h", "1/24x"])
def test_a_budget_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="1/24h"):
        Budget.parse(text)


def test_a_budget_that_speaks_of_more_hours_than_were_seen_is_told():
    assert carried_h({"normal_hours": 6.0, "budget": "1/24h"}) == 24.0
    assert carried_h({"normal_hours": 25.0, "budget": "1/24h"}) is None
    assert carried_h({"normal_pictures": 300, "budget": "1/1000 pictures"}) is None
    assert carried_h({}) is None
