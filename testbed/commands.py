"""What each command does. Heavy imports happen inside, so that `testbed --help` answers at once."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import InputError
from connectors.texts import say
from testbed.progress import progress
from testbed.run_command import RUNS, money_of, print_run, say_where

if TYPE_CHECKING:
    from testbed.benching.command import Ask as Measured
    from testbed.browsing import Ask as Look
    from testbed.model_commands import Ask as Shelf
    from testbed.page import Ask as Page
    from testbed.replaying import Data
    from testbed.serve import Doors


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


def replay(order: Data, json: bool) -> int:
    """Replay a file and print the table."""
    from testbed import show
    from testbed.record import new_folder
    from testbed.replaying import carry_out

    if order.record != "none" and order.out is None:
        order.out = new_folder(RUNS, order.path.stem)
    with progress(order.path.name, json) as step:
        result = carry_out(order, step)
    if json:
        print(jsonlib.dumps(result.score, ensure_ascii=False))
    else:
        show.replay(result.score)
        say_where(order.out)
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

    with progress("browse", ask.json) as step:
        return work(ask, step)


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

    with progress("models", ask.json or ask.action != "compare") as step:
        return carry_out(ask, step)


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
    with progress(f"train {kind}", json) as step:

        def tell(what: str, done: int, of: int) -> None:
            step(done, of)

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
        _page_of_trained(kind, data, root, out, html)
    card = OnnxModel(model, out.name).card.raw
    told = {name: card[name] for name in ("calibration", "training") if name in card}
    if json:
        summary = {"file": str(out), "bytes": len(model), "kind": kind, "calibration": None, **told}
        print(jsonlib.dumps(summary, ensure_ascii=False))
    else:
        print(say("Wrote {file}: {bytes} bytes, {rests_on}.", file=out, bytes=len(model), rests_on=_rests_on(card)))
    return 0


def _page_of_trained(kind: str, data: str, root: Path | None, out: Path, html: Path) -> None:
    """The page of a model just trained; one of pictures is measured on those of its set that it did not learn."""
    from testbed.evidence import of_left_out
    from testbed.model_page import write_page
    from testbed.train import PICTURE_KINDS

    measured = None
    if kind in PICTURE_KINDS and not data.startswith("scenario:") and "," not in data:
        try:
            measured = of_left_out(out, data, root)
        except InputError as error:
            print(error, file=sys.stderr)
    write_page(out, html, measured)


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

    with progress(f"data {scenario}", json) as step:
        card = export(scenario, seeds, out, jobs, step)
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

    with progress("bench", ask.json) as step:
        found = carry_out(ask, step)
    return tell(ask, found)


def score(folder: Path, json: bool) -> int:
    """Score a record again from its truth and events."""
    from testbed.rescore import rescore

    result = rescore(folder)
    print_run(result.score, None, json)
    return 0 if result.score["met"] else 1


def report(folder: Path, out: Path | None, assumptions: Path | None = None) -> int:
    """Write a record's report again, in the language spoken now."""
    from testbed.rescore import rescore

    result = rescore(folder, None if assumptions is None else money_of(assumptions))
    path = out or folder / "report.html"
    try:
        path.write_text(result.report(), encoding="utf-8")
    except OSError as error:
        raise InputError(
            say("{path} cannot be written: {reason}.", path=path, reason=error.strerror or error)
        ) from None
    print(say("Report: {path}", path=path))
    return 0
