"""`testbed run`: scenarios and seeds, one after the other or on several processes, or a record once more."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import InputError, PartFailed
from connectors.texts import language, say, speak
from testbed.progress import progress

if TYPE_CHECKING:
    from testbed.assumptions import Assumptions
    from testbed.repeating import Again
    from testbed.running import Order

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `run` as they were given."""

    models: Sequence[str] | None
    over: str
    speed: str
    seeds: Sequence[int]
    record: str
    out: Path | None
    jobs: int
    json: bool
    assumptions: Path | None = None


def demo(seed: int, speed: str, out: Path | None, json: bool) -> int:
    """The showcase over its own wiring."""
    return run(["showcase"], False, Ask(None, "wire", speed, [seed], "full", out, 1, json))


def run(names: Sequence[str], every: bool, ask: Ask) -> int:
    """Run scenarios × seeds; the worst exit status of all."""
    from testbed.library import names as known
    from testbed.library import shipped
    from testbed.running import RECORDS

    if ask.record not in RECORDS:
        raise InputError(
            say("--record takes {known}, but got '{record}'.", known=", ".join(RECORDS), record=ask.record)
        )
    chosen = [scenario.name for scenario in shipped() if not scenario.slow] if every else list(names)
    if not chosen:
        raise InputError(say("Name a scenario, or say --all. Known: {known}.", known=", ".join(known())))
    if len(chosen) == 1 and Path(chosen[0]).is_dir():
        return _repeat(Path(chosen[0]), ask)
    jobs = [_Job(name, seed, ask) for name in chosen for seed in ask.seeds]
    if len(jobs) == 1:
        return _single(jobs[0])
    if ask.out is not None:
        jobs = [replace(job, out=ask.out / f"{Path(job.name).stem}-{job.seed}") for job in jobs]
    return _several(jobs, ask)


@dataclass(frozen=True, slots=True)
class _Job:
    """One scenario with one seed; small enough to hand to another process."""

    name: str
    seed: int
    ask: Ask
    out: Path | None = None
    language: str = field(default_factory=language)
    money: Assumptions | None = None
    again: Again | None = None

    def order(self) -> Order:
        from testbed.library import load
        from testbed.record import new_folder
        from testbed.running import Order

        scenario = load(self.name) if self.again is None else self.again.scenario
        ask, out = self.ask, self.out or self.ask.out
        record = ask.record
        if out is None and ask.json:
            record = "none"
        elif out is None and record != "none":
            out = new_folder(RUNS, f"{scenario.name}-{self.seed}")
        return Order(
            scenario,
            self.seed,
            ask.over,
            ask.speed,
            ask.models,
            record,
            out,
            money=self.money or money_of(ask.assumptions),
            start=None if self.again is None else self.again.start,
            outside=() if self.again is None else self.again.outside,
        )


def money_of(assumptions: Path | None) -> Assumptions:
    """Those of a file, or the shipped ones."""
    from testbed.assumptions import Assumptions, defaults

    return defaults() if assumptions is None else Assumptions.read(assumptions)


def _single(job: _Job) -> int:
    from testbed.running import Incomplete, carry_out

    order = job.order()
    try:
        with progress(order.scenario.name, job.ask.json) as step:
            result = carry_out(order, step)
    except Incomplete as error:
        print_run(error.result.score, order.out, job.ask.json)
        raise
    print_run(result.score, order.out, job.ask.json)
    return 0 if result.score["met"] else 1


def _several(jobs: Sequence[_Job], ask: Ask) -> int:
    """All jobs, on `--jobs` processes; one row each."""
    from testbed import show

    scores: list[dict[str, Any]] = []
    status = 0
    with progress(say("{n} runs", n=len(jobs)), quiet=False) as step:
        for i, (score, failed) in enumerate(_carried_out(jobs, ask.jobs)):
            step(i + 1, len(jobs))
            scores.append(score)
            status = max(status, failed if failed else 0 if score["met"] else 1)
    if ask.json:
        print(jsonlib.dumps({"runs": scores}, ensure_ascii=False))
    else:
        show.runs(scores)
    return status


def _carried_out(jobs: Sequence[_Job], processes: int) -> Iterator[tuple[dict[str, Any], int]]:
    if processes <= 1:
        yield from map(_score_of, jobs)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score_of, jobs)


def _score_of(job: _Job) -> tuple[dict[str, Any], int]:
    """Score and exit status of one job; a part that failed is told in the score."""
    from testbed.running import Incomplete, carry_out

    speak(job.language)  # this may be a process of its own
    try:
        return carry_out(job.order()).score, 0
    except Incomplete as error:
        return {**error.result.score, "error": str(error)}, error.exit_status
    except PartFailed as error:
        return {"scenario": job.name, "seed": job.seed, "error": str(error), "met": False}, error.exit_status


def _repeat(folder: Path, ask: Ask) -> int:
    """Run a record again, as it was."""
    from testbed.assumptions import Assumptions
    from testbed.repeating import again

    found = again(folder)
    money = None
    if "assumptions" in found.about and ask.assumptions is None:
        money = Assumptions.of(found.about["assumptions"])
    models = ask.models if found.models is None else found.models
    wanted = replace(ask, models=models, over=found.over or ask.over, seeds=[found.seed])
    return _single(_Job(found.scenario.name, found.seed, wanted, money=money, again=found))


def print_run(score: dict[str, Any], folder: Path | None, json: bool) -> None:
    """A score as a table and where its report lies, or as one JSON object."""
    from testbed import show

    if json:
        print(jsonlib.dumps(score, ensure_ascii=False))
        return
    show.run(score)
    say_where(folder)


def say_where(folder: Path | None) -> None:
    """The path of a record's report, where there is one."""
    if folder is not None and (folder / "report.html").is_file():
        print(say("Report: {path}", path=folder / "report.html"))
