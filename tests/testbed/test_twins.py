"""The truth of a fault: when it first can be seen, when it strikes, and when an alert comes too late."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import pytest

from connectors.items import Batch, Item
from connectors.tags import Group, Tag
from connectors.times import SECOND, nanoseconds
from connectors.truth import Truth
from testbed.engine import Engine
from testbed.noise import Noise
from testbed.plant import START, Action, Injection
from testbed.scenario import Fault, LookAlike, Scenario, SetPoint
from testbed.twins import fault_truth
from tests.models import plain

STEP = SECOND // 10
GROUP = Group("g", (Tag(name="L/A", group="g", rate_hz=10.0), Tag(name="L/B", group="g", rate_hz=10.0)))
REACTION_S = 4.0


class Ramp:
    """Two noisy tags; a fault 'ramp' lets A grow by `slope` a second and strikes when it has grown by 10.

    The set-point 'gain' scales the growth from its time on. The fault 'blip' moves A in the samples of its
    `pattern`; the look-alike 'odd' moves B by a number that depends on when it came.
    """

    groups = (GROUP,)
    transports: Mapping[str, str] = {"g": "opcua"}
    name = "ramp"
    step_ns = STEP

    def __init__(self, seed: int, start: int, sigma: float = 0.5) -> None:
        self.present = start
        self.noise = {tag.name: sigma for tag in GROUP.tags}
        self._noise = Noise(seed, [tag.name for tag in GROUP.tags])
        self._slope, self._gain, self._grown, self._lift = 0.0, 1.0, 0.0, 0.0
        self._blip = ""
        self._actions: list[Action] = []
        self._struck: dict[int, int] = {}
        self._keys: list[int] = []

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        while self.present + STEP <= until:
            self.present += STEP
            for action in [a for a in self._actions if a.time <= self.present]:
                self._actions.remove(action)
                self._gain = action.value
            self._grown += self._slope * self._gain * 0.1
            for key in self._keys:
                if self._grown >= 10.0 - 1e-9:
                    self._struck.setdefault(key, self.present)
            values = 0.5 * self._noise.take(1) + [self._grown + 9.0 * self._blip.startswith("x"), self._lift]
            self._blip = self._blip[1:]
            items.append(Batch(GROUP.tags, np.array([self.present]), values, np.zeros((1, 2), np.uint32)))
        self.present = until
        return items

    def act(self, action: Action) -> None:
        self._actions.append(action)

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name == "odd":
            self._lift += self.present / SECOND % 7
            return Injection(key, name, "L/B", "lookalike", duration_s=1.0)
        self._blip = str(params.get("pattern", ""))
        assert key not in self._keys
        self._slope += 0.0 if self._blip else float(params.get("slope", 1.0))
        self._keys.append(key)
        return Injection(key, name, "L/A", "fault", expects=("process",), reaction_s=REACTION_S)

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return None

    def copy(self) -> Ramp:
        twin = copy.deepcopy(self)
        twin._noise = self._noise.copy()
        return twin


def truth_of(sigma: float = 0.49, end_s: float = 60.0, name: str = "ramp", **params: float | str) -> Truth:
    plant = Ramp(1, START, sigma)
    plant.advance(START + 2 * SECOND)
    healthy = plant.copy()
    injection = plant.inject(name, "", params, 1)
    return fault_truth(healthy, plant, injection, START + nanoseconds(end_s))


def s(time: int | None) -> float | None:
    """Seconds after the onset."""
    return None if time is None else (time - START) / SECOND - 2.0


def test_a_fault_can_be_seen_once_a_tag_is_off_by_three_sigma_in_three_samples_running():
    truth = truth_of(slope=1.0)  # over 1.47 from 1.5 s on
    assert s(truth.detectable_from) == pytest.approx(1.7)


@pytest.mark.parametrize("sigma", [0.11, 0.49, 1.97])
def test_what_can_be_seen_depends_on_the_noise_of_the_tag(sigma):
    over = int(3 * sigma * 10) + 1  # the first sample that is off by more than three sigma
    assert s(truth_of(slope=1.0, sigma=sigma).detectable_from) == pytest.approx((over + 2) / 10)


def test_the_consequence_comes_when_the_plant_says_so_and_the_deadline_a_reaction_earlier():
    truth = truth_of(slope=1.0)
    assert s(truth.consequence_time) == pytest.approx(10.0)
    assert s(truth.alert_deadline) == pytest.approx(10.0 - REACTION_S)
    assert truth.in_time


def test_a_deadline_never_lies_before_the_onset():
    truth = truth_of(slope=4.0)  # strikes after 2.5 s, reaction takes 4
    assert truth.alert_deadline == truth.onset
    assert not truth.in_time


def test_without_a_consequence_the_deadline_is_the_end_of_the_run():
    truth = truth_of(slope=0.1, end_s=20.0)
    assert truth.consequence_time is None
    assert s(truth.alert_deadline) == 18.0


def test_a_fault_too_small_to_be_seen_has_no_time_from_which_it_can():
    truth = truth_of(slope=0.01, end_s=20.0)
    assert truth.detectable_from is None
    assert not truth.in_time


@pytest.mark.parametrize(
    ("pattern", "seen"), [("xx", None), ("xx.xx.xx", None), ("xxx", 0.3), ("xxxx", 0.3), ("xx.xxx", 0.6)]
)
def test_only_three_samples_off_running_are_enough(pattern, seen):
    truth = truth_of(end_s=20.0, name="blip", pattern=pattern)
    assert s(truth.detectable_from) == (None if seen is None else pytest.approx(seen))


@pytest.mark.parametrize("cut_s", [0.9, 1.0])
def test_three_samples_running_may_lie_on_both_sides_of_a_comparison(cut_s):
    plant = Ramp(1, START)
    plant.advance(START + nanoseconds(2.0))
    healthy = plant.copy()
    injection = plant.inject("ramp", "", {"slope": 1.55 / (cut_s - 0.05)}, 1)
    truth = fault_truth(healthy, plant, injection, START + 20 * SECOND)
    assert s(truth.detectable_from) == pytest.approx(cut_s + 0.2)


def test_the_other_tags_noise_is_bit_identical_in_both_twins():
    plant = Ramp(1, START)
    plant.advance(START + 2 * SECOND)
    healthy = plant.copy()
    plant.inject("ramp", "", {}, 1)
    for a, b in zip(healthy.advance(START + 9 * SECOND), plant.advance(START + 9 * SECOND), strict=True):
        assert a.values[0, 1] == b.values[0, 1]
        assert a.values[0, 0] < b.values[0, 0]


# -- twins of a whole run ----------------------------------------------------------------------------------


class RampLine:
    def build(self, seed: int, start: int) -> Ramp:
        return Ramp(seed, start)


def run(*steps: Fault | LookAlike | SetPoint, seconds: float = 30.0, actions: tuple[Action, ...] = ()) -> Engine:
    """A run to its end; `actions` are given to the plant before it starts, as a response would be."""
    engine = Engine(Scenario(name="ramps", plant=RampLine(), duration=seconds, steps=steps), 1)
    for action in actions:
        engine.plant.act(action)
    while engine.plant.present < engine.end:
        engine.tick(engine.plant.present + STEP)
    return engine


def after_start(time: int | None) -> float | None:
    return None if time is None else (time - START) / SECOND


def test_the_truth_foresees_what_the_plant_then_does_if_nobody_acts():
    engine = run(Fault(at=5.0, name="ramp"))
    (truth,) = engine.truths()
    assert truth.onset == START + 5 * SECOND
    assert truth.consequence_time == engine.plant.struck(1) == START + 15 * SECOND


def test_a_set_point_of_the_script_counts_in_both_twins_at_its_own_time():
    (truth,) = run(Fault(at=5.0, name="ramp"), SetPoint(at=8.25, name="gain", value=2.0)).truths()
    assert after_start(truth.consequence_time) == pytest.approx(11.7)  # 3.3 in 3.3 s, then 2 a second


@pytest.mark.parametrize("at", [7.0, 7.3, 7.95])
def test_a_later_fault_of_the_script_reaches_the_twins_when_it_reaches_the_plant(at):
    engine = run(Fault(at=5.0, name="ramp"), Fault(at=at, name="ramp", params={"slope": 3.0}))
    first, second = engine.truths()
    assert first.consequence_time == second.consequence_time == engine.plant.struck(1)


def test_every_later_fault_of_the_script_is_one_of_its_own_in_the_twins():
    steps = [Fault(at=at, name="ramp", params={"slope": 0.5}) for at in (5.0, 7.0, 8.0)]
    engine = run(*steps)
    assert {truth.consequence_time for truth in engine.truths()} == {engine.plant.struck(1)}


def test_a_look_alike_that_depends_on_its_moment_does_the_same_to_both_twins_and_the_plant():
    (truth, _) = run(Fault(at=5.0, name="ramp", params={"slope": 0.01}), LookAlike(at=8.4, name="odd")).truths()
    assert truth.detectable_from is None


def test_two_faults_at_one_moment_have_a_truth_each():
    engine = run(Fault(at=5.0, name="ramp"), Fault(at=5.0, name="ramp"))
    first, second = engine.truths()
    assert first.consequence_time == second.consequence_time == START + 10 * SECOND
    assert engine.plant.struck(1) == engine.plant.struck(2) == START + 10 * SECOND


def test_an_action_from_before_the_onset_stays_and_one_after_it_changes_the_plant_but_not_the_truth():
    pending = Action(START + 4 * SECOND, "gain", 0.5)
    (truth,) = run(Fault(at=5.0, name="ramp"), actions=(pending,)).truths()
    assert after_start(truth.consequence_time) == pytest.approx(25.0)
    engine = Engine(Scenario(name="r", plant=RampLine(), duration=30.0, steps=(Fault(at=5.0, name="ramp"),)), 1)
    while engine.plant.present < START + 6 * SECOND:
        engine.tick(engine.plant.present + STEP)
    engine.plant.act(Action(START + 7 * SECOND, "gain", 0.0))
    while engine.plant.present < engine.end:
        engine.tick(engine.plant.present + STEP)
    assert engine.plant.struck(1) is None
    assert after_start(engine.truths()[0].consequence_time) == 15.0


def test_finding_the_truth_leaves_the_plant_untouched():
    with_fault = run(Fault(at=29.9, name="ramp", params={"slope": 0.0}))
    without = run()
    (a,), (b,) = with_fault.plant.advance(with_fault.end + STEP), without.plant.advance(without.end + STEP)
    assert (a.values == b.values).all()


def test_the_test_plants_step_can_be_seen_in_its_third_block_sample():
    engine, _ = plain(8.0, steps=(Fault(at=3.0, name="step"),))
    (truth,) = engine.truths()
    assert truth.detectable_from == truth.onset + 3 * SECOND // 1000
    assert truth.alert_deadline == engine.end
