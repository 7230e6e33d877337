"""An alarm goes through the states of ISA-18.2, by source time alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.results import AlarmState
from edge.alarm import Alarm, AlarmSpec

SECOND = 1_000_000_000  # ns
HIGH, LOW = 2.0, 0.0

NORMAL, UNACK, ACKED = AlarmState.NORMAL, AlarmState.UNACK, AlarmState.ACKED
RTN, LATCHED = AlarmState.RTN_UNACK, AlarmState.LATCHED

# what happens, one word a second; the state after each
HIGH_TO_STATES = [
    ("high", [UNACK]),
    ("low", [NORMAL]),
    ("high high", [UNACK, UNACK]),
    ("high ack", [UNACK, ACKED]),
    ("high ack low", [UNACK, ACKED, NORMAL]),
    ("high low", [UNACK, RTN]),
    ("high low ack", [UNACK, RTN, NORMAL]),
    ("high low high", [UNACK, RTN, UNACK]),
    ("high low high ack low", [UNACK, RTN, UNACK, ACKED, NORMAL]),
    ("high ack low high", [UNACK, ACKED, NORMAL, UNACK]),
    ("high ack ack", [UNACK, ACKED, ACKED]),
    ("ack", [NORMAL]),
    ("high reset", [UNACK, UNACK]),
    ("reset", [NORMAL]),
    ("high nan", [UNACK, UNACK]),
    ("nan", [NORMAL]),
]
LATCHED_TO_STATES = [
    ("high low", [UNACK, LATCHED]),
    ("high ack low", [UNACK, ACKED, LATCHED]),
    ("high low reset", [UNACK, LATCHED, NORMAL]),
    ("high low low", [UNACK, LATCHED, LATCHED]),
    ("high low high", [UNACK, LATCHED, UNACK]),
    ("high low high reset", [UNACK, LATCHED, UNACK, UNACK]),
    ("high low ack", [UNACK, LATCHED, LATCHED]),
]


def states(alarm: Alarm, words: str) -> list[AlarmState]:
    found = []
    for second, word in enumerate(words.split()):
        match word:
            case "ack":
                alarm.acknowledge()
            case "reset":
                alarm.reset()
            case _:
                alarm.update(second * SECOND, {"high": HIGH, "low": LOW, "nan": math.nan}[word])
        found.append(alarm.state)
    return found


@pytest.mark.parametrize(("words", "expected"), HIGH_TO_STATES)
def test_an_alarm_goes_through_the_states_of_the_standard(words, expected):
    assert states(Alarm(), words) == expected


@pytest.mark.parametrize(("words", "expected"), LATCHED_TO_STATES)
def test_a_latched_alarm_stays_until_it_is_reset(words, expected):
    assert states(Alarm(AlarmSpec(latched=True)), words) == expected


def test_acknowledging_and_resetting_say_whether_they_changed_anything():
    alarm = Alarm(AlarmSpec(latched=True))
    assert not alarm.acknowledge()
    alarm.update(0, HIGH)
    assert (alarm.acknowledge(), alarm.acknowledge()) == (True, False)
    assert not alarm.reset()
    alarm.update(1, LOW)
    assert (alarm.reset(), alarm.reset()) == (True, False)


# -- from scores to changes --------------------------------------------------------------------------------


def changes(spec: AlarmSpec, scores: list[float], every_s: float = 1.0) -> list[tuple[float, str]]:
    """(second, change) of an alarm fed one score every `every_s`."""
    alarm, found = Alarm(spec), []
    for i, score in enumerate(scores):
        change = alarm.update(round(i * every_s * SECOND), score)
        if change is not None:
            found.append((i * every_s, change))
    return found


def test_one_high_score_is_enough_by_default_and_1_is_high():
    assert changes(AlarmSpec(), [0.999, 1.0, 0.999]) == [(1, "active"), (2, "returned")]


@given(st.integers(1, 5), st.integers(0, 4), st.lists(st.booleans(), max_size=60))
def test_it_is_active_while_k_of_the_last_n_scores_are_high(k, more, high):
    n = k + more
    alarm = Alarm(AlarmSpec(k=k, n=n))
    for i, is_high in enumerate(high):
        alarm.update(i, HIGH if is_high else LOW)
        assert alarm.is_active == (sum(high[max(0, i + 1 - n) : i + 1]) >= k)


@given(st.integers(0, 4), st.integers(0, 4), st.lists(st.booleans(), max_size=60))
def test_it_changes_once_the_condition_has_lasted_for_its_delay(on_s, off_s, high):
    """By the definition: the score has differed from the state, without a break, for so many seconds."""
    expected, active = [], False
    for i, is_high in enumerate(high):
        delay = off_s if active else on_s
        lasting = high[max(0, i - delay) : i + 1]
        since_change = expected[-1][0] if expected else -1
        if i - delay > since_change and len(lasting) == delay + 1 and all(h != active for h in lasting):
            active = is_high
            expected.append((i, "active" if active else "returned"))
    spec = AlarmSpec(on_delay_s=float(on_s), off_delay_s=float(off_s))
    assert changes(spec, [HIGH if is_high else LOW for is_high in high]) == expected


def test_a_delay_is_of_source_time_not_of_scores():
    spec = AlarmSpec(on_delay_s=1.0)
    for every_s in (0.1, 0.25, 0.5, 1.0):
        assert changes(spec, [HIGH] * 20, every_s)[0] == (1.0, "active")
    assert changes(spec, [HIGH] * 3, 0.7)[0] == (1.4, "active")


def test_a_deadband_holds_an_active_alarm_and_raises_none():
    spec = AlarmSpec(deadband=0.2)
    assert changes(spec, [0.9, 1.0, 0.9, 0.8, 0.79, 0.9]) == [(1, "active"), (4, "returned")]


def test_a_score_that_could_not_be_given_changes_nothing_and_breaks_no_delay():
    assert changes(AlarmSpec(k=2, n=2), [HIGH, math.nan, HIGH]) == [(2, "active")]
    assert changes(AlarmSpec(on_delay_s=2.0), [HIGH, math.nan, HIGH]) == [(2, "active")]


# -- set aside ---------------------------------------------------------------------------------------------

ASIDE = (AlarmState.SHELVED, AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE)


@pytest.mark.parametrize("state", ASIDE)
def test_an_alarm_set_aside_lives_on_unseen(state):
    alarm = Alarm()
    alarm.set_aside(state)
    assert alarm.shown is state
    assert alarm.update(1, HIGH) is None
    assert alarm.is_active
    assert alarm.shown is state
    alarm.put_back()
    assert alarm.shown is UNACK


@pytest.mark.parametrize("state", [s for s in AlarmState if s not in ASIDE])
def test_an_alarm_is_set_aside_in_no_other_way(state):
    with pytest.raises(ValueError, match="set aside as shelved"):
        Alarm().set_aside(state)


def test_shelving_ends_by_itself_at_its_time():
    alarm = Alarm()
    alarm.set_aside(AlarmState.SHELVED, until=5)
    assert alarm.update(4, HIGH) is None
    assert alarm.shown is AlarmState.SHELVED
    alarm.update(5, HIGH)
    assert alarm.shown is UNACK
    assert alarm.update(6, LOW) == "returned"


def test_an_alarm_that_is_already_there_can_be_shelved_and_returns_in_silence():
    alarm = Alarm()
    assert alarm.update(0, HIGH) == "active"
    alarm.set_aside(AlarmState.SHELVED)
    assert alarm.update(1, LOW) is None
    alarm.put_back()
    assert alarm.shown is RTN


@pytest.mark.parametrize(
    "fields",
    [
        {"k": 0},
        {"k": 3, "n": 2},
        {"on_delay_s": -1.0},
        {"off_delay_s": -1.0},
        {"deadband": -0.1},
        {"deadband": 1.0},
    ],
)
def test_an_alarm_that_cannot_be_is_refused(fields):
    with pytest.raises(ValueError, match="alarm"):
        AlarmSpec(**fields)


def test_what_came_while_it_was_set_aside_is_news_once_it_is_back():
    alarm = Alarm()
    alarm.set_aside(AlarmState.SUPPRESSED, until=5)
    assert [alarm.update(t, HIGH) for t in range(3, 7)] == [None, None, "active", None]


def test_suppression_leaves_an_operators_shelving_alone():
    alarm = Alarm()
    alarm.set_aside(AlarmState.SHELVED)
    alarm.set_aside(AlarmState.SUPPRESSED, until=2)
    alarm.update(3, LOW)
    assert alarm.shown is AlarmState.SHELVED
    alarm.put_back(AlarmState.SHELVED)
    assert alarm.shown is AlarmState.NORMAL
