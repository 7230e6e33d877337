"""The plant's side of a run: its steps and responses are exact, and it never runs away from its models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.clock import Pace
from connectors.errors import InputError, PartFailed
from connectors.items import Batch, Item, Mark
from connectors.results import AlarmState, Event
from connectors.times import END, SECOND, nanoseconds
from testbed.engine import Engine
from testbed.plant import START, Action
from testbed.scenario import Draw, Fault, LookAlike, Respond, Scenario, SetPoint
from testbed.testplant import PATH, TestPlant
from tests.models import TestLine, plain

STEP = SECOND // 10  # ns, the test plant's


def scenario(seconds: float = 6.0, **fields: object) -> Scenario:
    return Scenario(**{"name": "line", "plant": TestLine(), "duration": seconds, **fields})


def column(items: Iterable[Item], short: str) -> tuple[list[int], list[float]]:
    """Times and values of one tag."""
    times, values = [], []
    for item in items:
        if isinstance(item, Batch):
            for i, tag in enumerate(item.tags):
                if tag.short == short:
                    times += item.time.tolist()
                    values += item.values[:, i].tolist()
    return times, values


def flat(ticks: Iterable[Sequence[Item]]) -> list[Item]:
    return [item for tick in ticks for item in tick]


def contents(items: Iterable[Item]) -> dict[str, tuple]:
    """Everything but marks, tag by tag, NaN equal to NaN."""
    items = list(items)
    found: dict[str, tuple] = {}
    for name in ("WALK_1", "WALK_2", "CONSTANT", "BROKEN", "VIB_1", "VIB_2"):
        times, values = column(items, name)
        found[name] = (times, np.array(values).tobytes())
    rest = [item for item in items if not isinstance(item, Batch | Mark)]
    found["rest"] = tuple((item.time, getattr(item, "data", None) or item.text) for item in rest)
    return found


# -- ticks -------------------------------------------------------------------------------------------------

STEPS = (
    Fault(at=1.25, name="step", params={"size": 3.0}),
    SetPoint(at=2.0, name="offset", value=2.0),
    SetPoint(at=3.01, name="offset", value=-4.0),
)


@pytest.mark.parametrize("tick_s", [0.02, 0.1, 0.15, 0.25, 0.4, 1.0, 2.0])
def test_steps_come_at_their_exact_time_whatever_the_tick(tick_s):
    engine, ticks = plain(6.0, steps=STEPS, tick_s=tick_s)
    assert [(done.time - START) / SECOND for done in engine.done] == [1.3, 2.0, 3.1]
    reference = contents(flat(plain(6.0, steps=STEPS)[1]))
    assert contents(flat(ticks)) == reference


@settings(max_examples=40)
@given(st.lists(st.integers(1, 6_000_000), max_size=12))
def test_the_test_plant_gives_the_same_samples_in_any_cut(cuts_us):
    whole, cut = TestPlant(1), TestPlant(1)
    for plant in (whole, cut):
        plant.act(_offset(2.05, 5.0))
        plant.act(_offset(4.0, -5.0))
    items = [item for us in sorted({*cuts_us, 6_000_000}) for item in cut.advance(START + us * 1000)]
    assert contents(items) == contents(whole.advance(START + 6 * SECOND))


def _offset(at: float, value: float) -> Action:
    return Action(START + nanoseconds(at), "offset", value)


def test_a_step_shows_from_the_sample_after_its_time():
    _, ticks = plain(3.0, steps=(Fault(at=1.0, name="step", params={"size": 50.0}),))
    times, values = column(flat(ticks), "WALK_1")
    lifted = [time for time, value in zip(times, values, strict=True) if value > 25.0]
    assert lifted[0] == START + SECOND + STEP
    assert len(lifted) == 20


def test_every_group_is_marked_once_a_tick_with_what_was_sent_and_ends_at_the_end():
    engine, ticks = plain(2.0)
    sent = dict.fromkeys(("scalars", "blocks", "camera", "order"), 0)
    for i, tick in enumerate(ticks, 1):
        for item in tick:
            if isinstance(item, Batch):
                sent[item.group] += item.values.size
            elif not isinstance(item, Mark):
                sent[item.group] += 1
        marks = [item for item in tick if isinstance(item, Mark)]
        expected = [Mark(name, START + i * STEP, count) for name, count in sent.items()]
        if i == len(ticks):
            expected += [Mark(name, END, count) for name, count in sent.items()]
        assert marks == tick[-len(marks) :] == expected
    assert engine.plant.present == engine.end


def test_a_last_tick_may_be_shorter():
    engine = Engine(scenario(0.5), 1)
    engine.tick(START + 4 * STEP)
    assert Mark("scalars", END, 20) in engine.tick(engine.end)


# -- the script --------------------------------------------------------------------------------------------


def test_a_step_the_plant_does_not_know_is_refused_before_anything_runs():
    for step in (Fault(at=5.0, name="stop"), SetPoint(at=5.0, name="ofset", value=1.0)):
        with pytest.raises(InputError, match=r"'(stop|ofset)'"):
            Engine(scenario(steps=(step,)), 1)


def test_a_step_that_would_fall_on_the_very_end_is_refused():
    with pytest.raises(InputError, match=r"the step at 5\.95 s"):
        Engine(scenario(steps=(Fault(at=5.95, name="step"),)), 1)
    assert len(plain(6.0, steps=(Fault(at=5.9, name="step"),))[0].truths()) == 1


def test_trying_the_steps_does_not_change_the_plant():
    with_steps, without = Engine(scenario(steps=STEPS), 1), Engine(scenario(), 1)
    assert contents(with_steps.tick(START + SECOND)) == contents(without.tick(START + SECOND))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fault_leaves_the_noise_of_other_tags_bit_identical(seed):
    items = flat(plain(6.0, seed)[1])
    faulty = flat(plain(6.0, seed, steps=(Fault(at=2.0, name="step", params={"size": 9.0}),))[1])
    for name in ("WALK_2", "VIB_2", "CONSTANT"):
        assert np.array(column(items, name)[1]).tobytes() == np.array(column(faulty, name)[1]).tobytes()
    before, after = (np.array(column(found, "WALK_1")[1]) for found in (items, faulty))
    assert (before[:20] == after[:20]).all()
    assert np.allclose(after[20:] - before[20:], 9.0)


def test_what_a_script_leaves_open_is_drawn_per_seed():
    drawn = scenario(steps=(Fault(at=Draw(1.0, 5.0), name="step", params={"size": Draw(1.0, 9.0)}),))
    found = {}
    for seed in (1, 2, 3):
        engine = Engine(drawn, seed)
        engine.tick(engine.end)
        found[seed] = (engine.done[0].time, drawn.drawn(seed)[0].params["size"])
        assert drawn.drawn(seed) == drawn.drawn(seed)
    assert all(len({values[i] for values in found.values()}) == 3 for i in (0, 1))
    assert all(time % STEP == 0 for time, _ in found.values())


def test_done_steps_are_recorded_as_they_were_carried_out():
    engine, _ = plain(6.0, steps=STEPS)
    assert [(done.kind, done.name) for done in engine.done] == [
        ("fault", "step"),
        ("setpoint", "offset"),
        ("setpoint", "offset"),
    ]
    assert engine.done[2].details == {"value": -4.0}


def test_a_look_alike_of_the_script_has_a_truth_without_twins(monkeypatch):
    engine = Engine(scenario(steps=(LookAlike(at=1.0, name="step"),)), 1)
    monkeypatch.setattr(TestPlant, "copy", lambda self: pytest.fail("a look-alike has no twins"))
    engine.tick(engine.end)
    (truth,) = engine.truths()
    assert (truth.kind, truth.onset, truth.alert_deadline) == ("lookalike", START + SECOND, engine.end)


# -- responses ---------------------------------------------------------------------------------------------


def event(at_s: float, condition: str = "process", change: str = "active") -> Event:
    time = START + nanoseconds(at_s)
    return Event(time, f"{PATH}/WALK_1", condition, 500, change, AlarmState.UNACK, 1.0, "m")


@pytest.mark.parametrize(
    ("at_s", "delay_s", "effect_s"), [(1.0, 2.0, 3.0), (1.01, 2.0, 3.1), (1.0, 0.2, 1.2), (1.0, 0.25, 1.3)]
)
def test_a_response_takes_effect_a_delay_after_its_event_rounded_up_to_the_plants_step(at_s, delay_s, effect_s):
    engine = Engine(scenario(responses=(Respond("process", "offset", 50.0),), delay_s=delay_s), 1)
    items = engine.tick(START + nanoseconds(1.1))
    engine.respond([event(at_s)])
    items += engine.tick(engine.end)
    times, values = column(items, "WALK_2")
    assert engine.done[0].time == START + nanoseconds(effect_s)
    assert min(t for t, v in zip(times, values, strict=True) if v > 25.0) == START + nanoseconds(effect_s)


def test_only_an_alarm_of_its_condition_going_active_is_answered():
    engine = Engine(scenario(responses=(Respond("process", "offset", 1.0),)), 1)
    engine.respond([event(0.5, "sensor"), event(0.5, change="returned"), event(0.5, change="operator")])
    assert engine.done == []
    engine.respond([event(0.5)])
    assert [(done.kind, done.details["condition"]) for done in engine.done] == [("response", "process")]


def test_a_response_that_comes_too_late_is_said():
    engine = Engine(scenario(responses=(Respond("process", "offset", 1.0),)), 1)
    engine.tick(START + 3 * SECOND)
    with pytest.raises(PartFailed, match=r"process at 1\.0 s came 0\.0 s after"):
        engine.respond([event(1.0)])
    engine.respond([event(1.01)])
    assert len(engine.done) == 1


# -- pace --------------------------------------------------------------------------------------------------


class Models:
    """Takes ticks and finishes them when told."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.received: list[int] = []

    async def send(self, items: Sequence[Item]) -> None:
        self.received.append(max(item.time for item in items if isinstance(item, Mark) and item.time != END))


@pytest.mark.parametrize(("delay_s", "ahead_s"), [(2.0, 2.0), (0.2, 0.2), (5.0, 2.0), (0.25, 0.25)])
async def test_the_plant_is_never_more_than_ahead_beyond_what_is_finished(delay_s, ahead_s):
    engine = Engine(scenario(delay_s=delay_s), 1)
    models = Models(engine)
    producer = asyncio.ensure_future(engine.produce(models.send, Pace(None)))
    finished = START
    while not producer.done():
        for _ in range(100):  # every chance to run away
            await asyncio.sleep(0)
        ahead = models.received[-1] - finished
        assert ahead <= nanoseconds(ahead_s)
        assert ahead > nanoseconds(ahead_s) - STEP or models.received[-1] == engine.end
        assert engine.plant.present == models.received[-1]
        finished = min(finished + 3 * STEP // 2, engine.end)
        engine.finished(finished)
        await asyncio.sleep(0)
    await producer
    assert models.received == [START + (i + 1) * STEP for i in range(60)]
    engine.finished(engine.end)
    assert not engine.is_waiting


async def test_an_event_up_to_what_is_finished_can_always_be_answered():
    engine = Engine(scenario(delay_s=0.2, responses=(Respond("process", "offset", 1.0),)), 1)
    models = Models(engine)
    producer = asyncio.ensure_future(engine.produce(models.send, Pace(None)))
    finished = START
    while not producer.done():
        for _ in range(20):
            await asyncio.sleep(0)
        engine.respond([event((finished + 1000 - START) / SECOND)])  # the earliest that may still come
        finished = models.received[-1]
        engine.finished(finished)
    await producer
    assert len(engine.done) > 20


async def test_what_is_under_way_is_known_and_timed():
    engine = Engine(scenario(), 1)
    assert not engine.is_waiting
    producer = asyncio.ensure_future(engine.produce(Models(engine).send, Pace(None)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert engine.is_waiting
    assert engine.latency_s == []
    engine.finished(START + SECOND)
    assert len(engine.latency_s) == 10
    assert all(0 <= latency < 60 for latency in engine.latency_s)
    producer.cancel()
    await asyncio.gather(producer, return_exceptions=True)


async def test_what_is_finished_stays_finished():
    engine = Engine(scenario(), 1)
    engine.finished(START + SECOND)
    engine.finished(START)
    models = Models(engine)
    producer = asyncio.ensure_future(engine.produce(models.send, Pace(None)))
    for _ in range(100):
        await asyncio.sleep(0)
    assert models.received[-1] == START + SECOND + engine.ahead
    producer.cancel()
    await asyncio.gather(producer, return_exceptions=True)


# -- what a scenario may not be ----------------------------------------------------------------------------

WRONG = {
    "half a tick": ({"duration": 6.05}, "whole number of ticks"),
    "no time": ({"duration": 0.0}, "whole number of ticks"),
    "a tick longer than the delay": ({"tick_s": 0.5, "delay_s": 0.2}, "must not exceed"),
    "a tick of three seconds": ({"tick_s": 3.0, "delay_s": 5.0}, "must not exceed"),
}


@pytest.mark.parametrize(("fields", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_scenario_that_cannot_run_is_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        scenario(**fields)


def test_a_step_outside_the_run_is_refused():
    with pytest.raises(InputError, match="outside the run"):
        Engine(scenario(steps=(Fault(at=6.0, name="step"),)), 1)
