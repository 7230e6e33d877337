"""A path into JSON with placeholders: `$.payload.values[id={tag}].v`, `$.{tag}[0]`, `$['a.b']`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.errors import BadMessage
from connectors.texts import say

Bound = Mapping[str, str]  # placeholders and what they stand for
PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
_STEP = re.compile(
    r"\.?(?P<key>[^.\[\]]+)|\[(?P<at>\d+)\]|\['(?P<quoted>[^']+)'\]|\[(?P<field>[^\]=]+)=(?P<value>[^\]]+)\]"
)
DEEPEST = 16  # steps


@dataclass(frozen=True, slots=True)
class Step:
    """One step: into an object by `key`, into a list by `at`, or to the element of a list whose `field` is `key`."""

    key: str = ""
    at: int | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path as it was written, and its steps."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, text: str) -> JsonPath:
        """The path that a text says; '$' alone is the whole message. Raises ValueError."""
        rest = text.strip().removeprefix("$")
        steps: list[Step] = []
        at = 0
        while at < len(rest):
            found = _STEP.match(rest, at)
            if found is None or len(steps) >= DEEPEST:
                raise ValueError(text)
            at = found.end()
            key = found["key"] or found["quoted"] or found["value"] or ""
            if key.startswith("..") or "{" in PLACEHOLDER.sub("", key):
                raise ValueError(text)
            steps.append(Step(key, None if found["at"] is None else int(found["at"]), found["field"] or ""))
        return cls(text, tuple(steps))

    @property
    def names(self) -> set[str]:
        """Its placeholders."""
        return {name for step in self.steps for name in PLACEHOLDER.findall(step.key)}

    def find(self, told: Any, bound: Bound) -> Iterator[tuple[Bound, Any]]:
        """Everything the path leads to, with what its placeholders stand for there."""
        return _walk(self.steps, told, bound)

    def one(self, told: Any, bound: Bound) -> Any:
        """What the path leads to. Raises BadMessage if it leads nowhere."""
        for _, value in self.find(told, bound):
            return value
        raise BadMessage(say("A message has no '{path}'.", path=self.text))


def _walk(steps: tuple[Step, ...], told: Any, bound: Bound) -> Iterator[tuple[Bound, Any]]:
    if not steps:
        yield bound, told
        return
    step, rest = steps[0], steps[1:]
    for now, inner in _into(step, told, bound):
        yield from _walk(rest, inner, now)


def _into(step: Step, told: Any, bound: Bound) -> Iterator[tuple[Bound, Any]]:
    if step.at is not None:
        if isinstance(told, list) and step.at < len(told):
            yield bound, told[step.at]
    elif step.field:
        for element in told if isinstance(told, list) else ():
            name = element.get(step.field) if isinstance(element, dict) else None
            if isinstance(name, str | int) and (now := match(step.key, str(name), bound)) is not None:
                yield now, element
    elif isinstance(told, dict):
        if "{" not in step.key:
            if step.key in told:
                yield bound, told[step.key]
            return
        for name, inner in told.items():
            if (now := match(step.key, name, bound)) is not None:
                yield now, inner


def match(template: str, text: str, bound: Bound) -> Bound | None:
    """The placeholders with those that `template` adds where it fits `text`; None where it does not.

    >>> match("T{n}", "T7", {"line": "4"})
    {'line': '4', 'n': '7'}
    >>> match("T{n}", "T7", {"n": "8"}) is None
    True
    """
    found = pattern(template).fullmatch(text)
    if found is None:
        return None
    new = found.groupdict()
    if any(bound.get(name, value) != value for name, value in new.items()):
        return None
    return {**bound, **new}


@lru_cache(maxsize=1000)
def pattern(template: str, level: str = ".+") -> re.Pattern[str]:
    """A template as an expression; a placeholder that comes again stands for the same."""
    parts, at, seen = [], 0, set()
    for found in PLACEHOLDER.finditer(template):
        name = found[1]
        parts += [re.escape(template[at : found.start()]), f"(?P={name})" if name in seen else f"(?P<{name}>{level})"]
        seen.add(name)
        at = found.end()
    return re.compile("".join([*parts, re.escape(template[at:])]), re.DOTALL)


def filled(template: str, bound: Bound) -> str:
    """The template with its placeholders filled in.

    >>> filled("L{line}/{tag}", {"line": "4", "tag": "T"})
    'L4/T'
    """
    return PLACEHOLDER.sub(lambda found: bound[found[1]], template)
