"""The live page: the line, its trends, its alarms, and a presenter's stories, in a browser.

It is one more subscriber of a run: the run's events, score and digest are the same with page and without.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=False)
class Ask:
    """How the page is asked for; see `testbed demo --help`.

    Attributes:
        story: what the page begins with.
        seed: of the stories.
        speed: 'real', 'max' or a factor.
        over: transport of the runs.
        host: address to listen on; beyond loopback with users alone.
        port: of the page; 0 takes any.
        browser: open the browser there is.
        kiosk: play the stories one after another.
        out: folder for the records of its runs.
        records: records to replay, and folders of records; the page opens on one that is named itself.
    """

    story: str = "showcase"
    seed: int = 1
    speed: str = "real"
    over: str = "wire"
    host: str = "127.0.0.1"
    port: int = 8700
    browser: bool = True
    kiosk: bool = False
    out: Path | None = None
    records: tuple[Path, ...] = ()


def show(ask: Ask) -> int:
    """Serve the page until interrupted; the exit status. Raises InputError if anything asked for does not fit."""
    from testbed.page.serving import serve  # the web framework is loaded where a page is asked for

    return serve(ask)
