"""The page around the sections: one file, nothing fetched, no script."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from connectors.texts import language
from testbed.report.markup import Html, join, tag


def page(title: str, body: Iterable[Html | None]) -> str:
    """The whole document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(_style())),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', join(body))), lang=language())}\n"


@cache
def _style() -> str:
    return files("testbed.report").joinpath("style.css").read_text("utf-8")
