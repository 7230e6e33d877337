"""Models side by side, under one rule: on scenarios, on labelled series, on sets of pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, Where, together

OVER_DATA = ("memory", "mqtt")


@dataclass(slots=True)
class Bench:
    """What a bench found: a row a model and scenario or set, rivals among them."""

    rows: list[dict[str, Any]]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> dict[str, Any]:
        """What `--json` prints: the rows, one digest of all that have one, and how much was lost."""
        digests = [row["digest"] for row in self.rows if "digest" in row]
        whole = together(digests) if digests and None not in digests else None
        return {"rows": self.rows, "digest": whole, "lost": max((row.get("lost", 0) for row in self.rows), default=0)}

    def report(self) -> str:
        """The rows and a plot a figure, as one HTML page."""
        from testbed.benching.page import bench_page

        return bench_page(self.rows, self.about)

    def keep(self, folder: Path) -> None:
        """Write bench.json and bench.html into a folder, and take its cells away.

        Raises InputError unless it is absent, empty, or that of a bench that was interrupted.
        """
        cells = Cells(folder)
        try:
            (folder / "bench.json").write_text(json.dumps(self.score, ensure_ascii=False) + "\n", encoding="utf-8")
            (folder / "bench.html").write_text(self.report(), encoding="utf-8")
            cells.clear()
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(say("{folder} cannot be written: {reason}.", folder=folder, reason=reason)) from None

    def _repr_html_(self) -> str:
        from testbed.benching.columns import cell, shown, titles
        from testbed.report.tables import table

        keys = shown(self.rows)
        return table([titles()[key] for key in keys], [[cell(row, key) for key in keys] for row in self.rows])


def bench(
    *,
    models: Sequence[str] | str | None = None,
    scenarios: Sequence[str] | str = (),
    seeds: Sequence[int] = (1,),
    data: str | None = None,
    root: str | Path | None = None,
    train: str | Path | None = None,
    test: str | Path | None = None,
    over: str = "memory",
    jobs: int = 1,
    ray: str | None = None,
    progress: Progress = lambda done, of: None,
    out: str | Path | None = None,
) -> Bench:
    """Measure models side by side on scenarios, or on one set of data.

    Args:
        models: names, kinds or .onnx files; None: every one at hand that fits.
        scenarios: names, patterns of names such as 'caster-*', or scripts.
        seeds: of every scenario.
        data: 'skab', 'tep', 'nab', 'batadal', 'cwru', 'neu-det', 'x-sdd', 'mt-defects', a folder with a folder of
            pictures a class, or a .toml file that describes series of one's own, see testbed.datasets.described.
        root: where the set lies; default TESTBED_DATA and its name.
        train: a list of paths relative to root on which kinds are fitted that learn from pictures or records.
        test: a list of paths that are scored; default all but those that train.
        over: transport of scenarios and pictures.
        jobs: processes.
        ray: address of a Ray cluster that does the work instead; 'local' or 'auto' starts one on this machine.
        progress: told how much is done.
        out: a folder where what is finished is kept as it comes, one cell a run or a file of a set; the same bench with
            the same folder goes on where it stopped. `Bench.keep` of it ends that.

    Raises InputError if anything given does not fit, PartFailed if a transport fails.
    """
    from testbed.benching.guarding import guard_rows
    from testbed.ledger import Ledger
    from testbed.models import named

    models = None if models is None else named(models)
    scenarios = named(scenarios)
    about = {"scenarios": ", ".join(scenarios), "seeds": f"{seeds[0]}-{seeds[-1]}" if scenarios else None,
             "data": data, "train": train, "test": test, "over": over}  # fmt: skip
    if bool(scenarios) == (data is not None):
        raise InputError(say("bench measures on --scenarios or on --data: name one of them."))
    where = jobs if ray is None else ray
    if ray is not None and data is not None and not is_series(data):
        raise InputError(say("--ray goes with scenarios and series; {data} is measured on this machine.", data=data))
    cells = None if out is None else Cells(Path(out))
    if data is None:
        from testbed.benching.scenarios import scenario_rows

        rows = scenario_rows(scenarios, seeds, models, over, where, progress, cells)
    else:
        rows = _data_rows(data, _path(root), _path(train), _path(test), over, models, where, progress, cells)
    ledger = Ledger()
    guard_rows(rows, models, seeds, ledger)
    return Bench(rows, about | ({"ledger": ledger.trouble} if ledger.trouble else {}))


def _data_rows(
    data: str, root: Path | None, train: Path | None, test: Path | None, over: str, models: Sequence[str] | None,
    jobs: Where, progress: Progress, cells: Cells | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of one set of data: labelled series, or pictures."""
    if over not in OVER_DATA:
        raise InputError(say("Data travel over memory or mqtt, not '{over}'.", over=over) + nearest(over, OVER_DATA))
    from testbed.datasets import bearings, pictures, series

    sets = [*series.SETS, *bearings.SETS, *pictures.SETS]
    is_own = data.endswith(series.SUFFIX) and Path(data).is_file()
    if data not in sets and not is_own and not Path(data).is_dir():
        raise InputError(
            say("No set of data is called '{name}', and no folder either.", name=data) + nearest(data, sets)
        )
    if (is_own or (data not in pictures.SETS and data in sets)) and over != "memory":
        raise InputError(say("{data} is read from files; --over goes with pictures and scenarios.", data=data))
    if data in bearings.SETS:
        from testbed.benching.records import record_rows

        return record_rows(data, root, train, test, models, progress, cells)
    if is_own or data in series.SETS:
        from testbed.benching.series import series_rows

        if train is not None:
            raise InputError(say("{data} is fitted on the head of each file; --train does not go with it.", data=data))
        return series_rows(data, root, test, models, jobs, progress, cells)
    from testbed.benching.pictures import picture_rows

    return picture_rows(data, root, train, test, models, over, progress, cells)


def is_series(data: str) -> bool:
    """Whether a name stands for labelled series: a set, or a description of one's own."""
    from testbed.datasets import series

    return data in series.SETS or data.endswith(series.SUFFIX)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)
