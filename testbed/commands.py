"""What each command does. Heavy imports happen inside, so that `testbed --help` answers at once."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import InputError, PartFailed, TestbedError
from connectors.texts import language, say, speak

if TYPE_CHECKING:
    from testbed.assumptions import Assumptions
    from testbed.benching.command import Ask as Measured
    from testbed.browsing import Ask as Look
    from testbed.model_commands import Ask as Shelf
    from testbed.page import Ask as Page
    from testbed.repeating import Again
    from testbed.replaying import Data
    from testbed.running import Order, Progress
    from testbed.serve import Doors

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Looking:
    """How `check` looks at servers and brokers, as it was given."""

    seconds: float
    mapping: Path | None
    secrets: Path | None
    security: str
    insecure: bool

    def ask(self) -> Any:
        """The same for check_endpoints."""
        from connectors.line import Settings
        from connectors.mapping import read_mapping
        from testbed.check_endpoints import Ask as Look

        if not self.seconds > 0:
            raise InputError(say("--seconds takes a number above 0, but got {got}.", got=self.seconds))
        rules = () if self.mapping is None else read_mapping(self.mapping)
        return Look(self.seconds, self.secrets, Settings(security=self.security, insecure=self.insecure, mapping=rules))


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


def page(ask: Page) -> int:
    """The live page until interrupted."""
    from testbed.page import show

    try:
        return show(ask)
    except KeyboardInterrupt:
        print(say("Stopped."))
        return 0


def list_scenarios(json: bool) -> int:
    """The shipped scenarios, with what a presenter says of each."""
    from testbed import show
    from testbed.library import shipped

    found = shipped()
    if json:
        rows = [
            {"name": s.name, "title": s.title, "story": s.story, "duration_s": s.duration, "slow": s.slow}
            for s in found
        ]
        print(jsonlib.dumps({"scenarios": rows}, ensure_ascii=False))
    else:
        show.scenarios(found)
    return 0


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
            money=self.money or _money(ask.assumptions),
            start=None if self.again is None else self.again.start,
            outside=() if self.again is None else self.again.outside,
        )


def _money(assumptions: Path | None) -> Assumptions:
    from testbed.assumptions import Assumptions, defaults

    return defaults() if assumptions is None else Assumptions.read(assumptions)


def _single(job: _Job) -> int:
    from testbed.running import Incomplete, carry_out

    order = job.order()
    try:
        with _progress(order.scenario.name, job.ask.json) as progress:
            result = carry_out(order, progress)
    except Incomplete as error:
        _print_run(error.result.score, order.out, job.ask.json)
        raise
    _print_run(result.score, order.out, job.ask.json)
    return 0 if result.score["met"] else 1


def _several(jobs: Sequence[_Job], ask: Ask) -> int:
    """All jobs, on `--jobs` processes; one row each."""
    from testbed import show

    scores: list[dict[str, Any]] = []
    status = 0
    with _progress(say("{n} runs", n=len(jobs)), quiet=False) as progress:
        for i, (score, failed) in enumerate(_carried_out(jobs, ask.jobs)):
            progress(i + 1, len(jobs))
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


def replay(order: Data, json: bool) -> int:
    """Replay a file and print the table."""
    from testbed import show
    from testbed.record import new_folder
    from testbed.replaying import carry_out

    if order.record != "none" and order.out is None:
        order.out = new_folder(RUNS, order.path.stem)
    with _progress(order.path.name, json) as progress:
        result = carry_out(order, progress)
    if json:
        print(jsonlib.dumps(result.score, ensure_ascii=False))
    else:
        show.replay(result.score)
        _say_where(order.out)
    return 0


def serve(plant: str, seed: int, speed: str, doors: Doors, truth: Path | None = None) -> int:
    """The plant on its protocols until interrupted."""
    from testbed.running import in_loop
    from testbed.serve import serve as work

    try:
        in_loop(work(plant, seed, speed, doors, lambda text: print(text, flush=True), truth))
    except KeyboardInterrupt:
        print(say("Stopped."))
    return 0


def browse(ask: Look) -> int:
    """What a server or broker offers."""
    from testbed.browsing import browse as work

    with _progress("browse", ask.json) as progress:
        return work(ask, progress)


def check(
    paths: Sequence[str], tags: str | None, sheet: str | None, zone: str, json: bool, how: Looking | None = None
) -> int:
    """Every fault of these files, servers and brokers."""
    from testbed.check import check as find

    problems = find(paths, tags, sheet, zone, None if how is None else how.ask())
    if json:
        found = [{"path": p.path, "line": p.line, "text": p.text} for p in problems]
        print(jsonlib.dumps({"problems": found}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        if not problems:
            print(say("{n} checked, nothing found.", n=len(paths)))
    return InputError.exit_status if problems else 0


def models(ask: Shelf) -> int:
    """The models at hand."""
    from testbed.model_commands import carry_out

    with _progress("models", ask.json or ask.action != "compare") as progress:
        return carry_out(ask, progress)


def train(
    kind: str, data: str, out: Path, seeds: Sequence[int] | None, budget: str | None, tags: Path | None,
    drop: Sequence[str], zone: str, json: bool, since: str | None = None, until: str | None = None,
    root: Path | None = None, lists: Sequence[Path] = (), html: Path | None = None, epochs: int | None = None,
) -> int:  # fmt: skip
    """Fit, calibrate, write."""
    from edge.model import OnnxModel
    from testbed import train as work

    work.known(kind, data, seeds, epochs)
    work.writable(out)
    with _progress(f"train {kind}", json) as progress:

        def tell(what: str, done: int, of: int) -> None:
            progress(done, of)

        kept = out.with_suffix(".resume") if kind in work.LEARNED else None
        if kind in work.PICTURE_KINDS:
            from testbed.train_pictures import train_on_pictures

            model = train_on_pictures(kind, data, root, lists, seeds or work.PICTURE_SEEDS, budget, tell, epochs, kept)
        elif kind in work.RECORD_KINDS:
            from testbed.train_bearing import train_on_records

            model = train_on_records(data, root, lists, tell)
        else:
            model = work.train_on_series(
                kind, data, seeds or work.SEEDS, budget, tags, drop, zone, tell, since, until, epochs, kept
            )
    work.write_model(model, out)
    if html is not None:
        from testbed.model_page import write_page

        write_page(out, html)
    card = OnnxModel(model, out.name).card.raw
    told = {name: card[name] for name in ("calibration", "training") if name in card}
    if json:
        summary = {"file": str(out), "bytes": len(model), "kind": kind, "calibration": None, **told}
        print(jsonlib.dumps(summary, ensure_ascii=False))
    else:
        print(say("Wrote {file}: {bytes} bytes, {rests_on}.", file=out, bytes=len(model), rests_on=_rests_on(card)))
    return 0


def _rests_on(card: Mapping[str, Any]) -> str:
    """What a fitted model's threshold, or its classes, rest on."""
    calibration, training = card.get("calibration", {}), card.get("training", {})
    if "normal_hours" in calibration:
        from anomaly.calibrate import carried_h

        asked = carried_h(calibration)
        carried = (
            "" if asked is None else ", " + say("its tail carried on to {hours} h that nobody has seen", hours=asked)
        )
        return say("calibrated on {hours} h of normal data", hours=calibration["normal_hours"]) + carried
    if "normal_pictures" in calibration:
        return say("calibrated on {n} normal pictures", n=calibration["normal_pictures"])
    if "map50" in training:
        return say("{n} classes, mAP@50 {map50} on {held_out} pictures held out",
                   n=len(card["labels"]), map50=training["map50"], held_out=training["held_out"])  # fmt: skip
    if training.get("held_out"):
        return say("{n} classes, accuracy {accuracy} on {held_out} pictures held out",
                   n=len(card["labels"]), accuracy=training["accuracy"], held_out=training["held_out"])  # fmt: skip
    return say("{n} classes", n=len(card.get("labels", ())))


def data(scenario: str, out: Path, seeds: Sequence[int], jobs: int, json: bool) -> int:
    """Data of a scenario, for training elsewhere."""
    from testbed.exporting import export

    with _progress(f"data {scenario}", json) as progress:
        card = export(scenario, seeds, out, jobs, progress)
    if json:
        told = {key: card[key] for key in ("scenario", "seeds", "kept_for_scoring", "counts")}
        print(jsonlib.dumps({"folder": str(out), **told, "files": len(card["files"])}, ensure_ascii=False))
        return 0
    counts = {name: card["counts"].get(name, 0) for name in ("rows", "frames", "truths")}
    print(say("Wrote {folder}: {rows} rows, {frames} frames, {truths} truths of {n} runs.",
              folder=out, n=len(seeds), **counts))  # fmt: skip
    if card["kept_for_scoring"]:
        print(say("Some of these seeds are kept for scoring: what is trained on them cannot be scored on them."))
    return 0


def export(folder: Path, form: str, out: Path | None, since: str | None, until: str | None, tz: str, json: bool) -> int:
    """A record, or a stretch of it, in a format that other tools read."""
    from testbed.exports import SUFFIX
    from testbed.exports import export as write
    from testbed.exports.content import Content
    from testbed.record_data import moment

    content = Content(folder, moment("--from", since, tz), moment("--to", until, tz))
    path = write(content, form, out or Path(content.name + SUFFIX.get(form, "")))
    tags = sum(len(group.tags) for group in content.groups)
    if json:
        told = {"file": str(path), "format": form, "tags": tags, "events": len(content.events()),
                "truths": len(content.truths())}  # fmt: skip
        print(jsonlib.dumps(told, ensure_ascii=False))
        return 0
    print(say("Wrote {path}: {tags} tags, {events} events, {truths} truths.", path=path, tags=tags,
              events=len(content.events()), truths=len(content.truths())))  # fmt: skip
    return 0


def bench(ask: Measured) -> int:
    """Models side by side."""
    from testbed.benching.command import carry_out, tell

    with _progress("bench", ask.json) as progress:
        found = carry_out(ask, progress)
    return tell(ask, found)


def score(folder: Path, json: bool) -> int:
    """Score a record again from its truth and events."""
    from testbed.rescore import rescore

    result = rescore(folder)
    _print_run(result.score, None, json)
    return 0 if result.score["met"] else 1


def report(folder: Path, out: Path | None, assumptions: Path | None = None) -> int:
    """Write a record's report again, in the language spoken now."""
    from testbed.rescore import rescore

    result = rescore(folder, None if assumptions is None else _money(assumptions))
    path = out or folder / "report.html"
    try:
        path.write_text(result.report(), encoding="utf-8")
    except OSError as error:
        raise InputError(
            say("{path} cannot be written: {reason}.", path=path, reason=error.strerror or error)
        ) from None
    print(say("Report: {path}", path=path))
    return 0


def _print_run(score: dict[str, Any], folder: Path | None, json: bool) -> None:
    from testbed import show

    if json:
        print(jsonlib.dumps(score, ensure_ascii=False))
        return
    show.run(score)
    _say_where(folder)


def _say_where(folder: Path | None) -> None:
    if folder is not None and (folder / "report.html").is_file():
        print(say("Report: {path}", path=folder / "report.html"))


@contextmanager
def _progress(title: str, quiet: bool) -> Iterator[Progress]:
    """A bar on stderr where somebody is looking."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


__all__ = [
    "Ask",
    "TestbedError",
    "bench",
    "browse",
    "check",
    "data",
    "demo",
    "list_scenarios",
    "models",
    "replay",
    "report",
    "run",
    "score",
    "serve",
    "train",
]
