"""What can go wrong, and how it is told.

TestbedError
├── InputError      what came does not fit; the command line ends with exit status 2
├── PartFailed      a part that was needed failed, or samples were lost; exit status 3
└── BadMessage      bytes from outside that do not decode

A message says what came, what fits and what to do. Only the command line exits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from connectors.texts import say


class TestbedError(Exception):
    """Root of every error this project raises on purpose."""

    __test__ = False  # the name is not a test
    exit_status = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input: where it is and what would fit.

    >>> print(Problem("tags.csv", "unit 'degC' is not known. Did you mean 'Cel'?", line=4))
    tags.csv:4  unit 'degC' is not known. Did you mean 'Cel'?
    """

    path: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}  {self.text}"


class InputError(TestbedError):
    """What came does not fit. `problems` lists every fault found, in file order."""

    exit_status = 2

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> InputError:
        """All faults of a file in one error, one line each."""
        return cls("\n".join(str(problem) for problem in problems), problems)


class PartFailed(TestbedError):
    """A part that was needed failed: a server that went away, a broker that did not start, lost samples."""

    exit_status = 3


def closest(name: str, known: Iterable[str]) -> str | None:
    """What is closest to `name`, in any case; None when nothing is close.

    >>> closest("degC", ["Cel", "deg", "K"])
    'deg'
    """
    lowered = {one.lower(): one for one in sorted(set(known))}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return lowered[close[0]] if close else None


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming what is closest to `name`, or all names when none is close.

    >>> nearest("degC", ["Cel", "deg", "K"])
    " Did you mean 'deg'?"
    >>> nearest("xyz", ["memory", "opcua"])
    ' Known: memory, opcua.'
    """
    names = sorted(set(known))
    close = closest(name, names)
    if close is not None:
        return " " + say("Did you mean '{name}'?", name=close)
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    return " " + say("Known: {names}.", names=shown)


class BadMessage(TestbedError):
    """Bytes from outside that do not decode: what was wrong, never an index error from deep inside."""
