"""A card in the making: what rules understood, what they assumed, and what is still open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from connectors.errors import InputError
from connectors.texts import say
from edge.card import FORMAT, braces
from testbed.adding.answers import Answers, Question, above, condition, names, number, numbers, one_of, text, whole
from testbed.adding.graph import Graph, Port

T = TypeVar("T")
NORMAL = ("normal", "good", "ok", "healthy", "no_defect", "정상", "양품")  # class names that say it themselves
ROW_S = 1.0  # a net of single rows looks once a second, where nobody says otherwise
OVERLAP = 4  # a window is looked at anew after a quarter of its length, where nobody says otherwise


class Draft:
    """The card of a graph as far as it is known.

    Attributes:
        told: lines of what was understood.
        assumed: keys and values that were taken for granted.
        open: questions.
        must_calibrate: the alarm level is to come from normal data.
    """

    def __init__(self, graph: Graph, answers: Answers) -> None:
        self.graph, self.answers = graph, answers
        self.told: list[str] = []
        self.assumed: dict[str, Any] = {}
        self.open: list[Question] = []
        self.must_calibrate = False
        self.constants: dict[str, Any] = answers.fixed()
        self.inputs: list[dict[str, Any]] = []
        self.outputs: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}
        unknown = [name for name in self.constants if name not in {port.name for port in graph.inputs}]
        if unknown:
            raise InputError(say("The graph has no input '{name}'.", name=unknown[0]))

    @property
    def fed(self) -> list[Port]:
        """Inputs that no constant feeds."""
        return [port for port in self.graph.inputs if port.name not in self.constants]

    # -- what is said, assumed or asked ----------------------------------------------------------------------

    def known(self, key: str, question: str, read: Callable[[Any], T]) -> T | None:
        """The answer; without one the question is open."""
        answer = self.answers.get(key, read)
        if answer is None and key not in (asked.key for asked in self.open):
            self.open.append(Question(key, question))
        return answer

    def assume(self, key: str, value: T, read: Callable[[Any], T]) -> T:
        """The answer, or what is usual, which is told."""
        answer = self.answers.get(key, read)
        if answer is None:
            self.assumed[key] = value
            return value
        return answer

    # -- parts of a card -------------------------------------------------------------------------------------

    def series(self, port: Port, layout: str, channels: Sequence[str], length: int | None) -> None:
        """An input of tags: `length` rows, None where that is open; nothing where channels are."""
        if layout == "NC":
            rate = self.assume("rate_hz", 1.0 / ROW_S, above)
            stride = self.assume("stride_s", 1.0 / rate, above)
            kind, rows = "vector", 1
        else:
            rows = length or self.known("length", say("How many rows of time does '{name}' take? Say --set length=N.",
                                                      name=port.name), whole)  # fmt: skip
            asked = self.known("rate_hz", say("How many rows a second does '{name}' expect? Say --set rate_hz=N.",
                                              name=port.name), above)  # fmt: skip
            rate = asked or 1.0
            rows = rows or 1
            stride = self.assume("stride_s", max(1, rows // OVERLAP) / rate, above) if asked else 1.0
            kind = "window"
        spelled = [name for pattern in channels for name in braces(pattern)]
        entry: dict[str, Any] = {
            "name": port.name, "kind": kind, "layout": layout, "channels": spelled, "rate_hz": rate, "length": rows,
            "stride_s": stride, "hold_s": self.answers.get("hold_s", above) or max(5.0, 2.0 / rate),
            "max_bad": self.answers.get("max_bad", number) or 0.1,
        }  # fmt: skip
        self.inputs.append(entry | self.scaling())

    def scaling(self) -> dict[str, Any]:
        """Mean and std, where the user gives them."""
        found = {key: self.answers.get(key, numbers) for key in ("mean", "std")}
        return {key: value for key, value in found.items() if value is not None}

    def channels(self, port: Port, count: Any, or_window: bool = False) -> list[str]:
        """The tags that feed an input; a question while nobody says which.

        With `or_window` one tag may fill all columns: then they are rows of time.
        """
        columns = count if isinstance(count, int) else say("its")
        given = self.known(
            "channels",
            say("Which tags feed the {n} columns of '{name}', in the order it was trained on? Say --set "
                "channels=TAG,TAG,… (patterns such as */TC_{{1..8}} fit).", n=columns, name=port.name), names,
        )  # fmt: skip
        spelled = [name for pattern in given or () for name in braces(pattern)]
        fits = len(spelled) == count or (or_window and len(spelled) == 1)
        if spelled and isinstance(count, int) and not fits:
            raise InputError(
                say("'{name}' has {n} columns, but channels names {got}.", name=port.name, n=count, got=len(spelled))
            )
        return spelled

    def channels_of(self, columns: Sequence[str]) -> list[str]:
        """The tags of inputs that are columns: called as the columns are, unless the user says otherwise."""
        given = self.answers.get("channels", names)
        spelled = [name for pattern in given or () for name in braces(pattern)]
        if spelled and len(spelled) != len(columns):
            raise InputError(
                say("The graph has {n} columns ({names}), but channels names {got}.",
                    n=len(columns), names=", ".join(columns), got=len(spelled))
            )  # fmt: skip
        return spelled or list(columns)

    def score(self, name: str, **entry: Any) -> None:
        """An output that rises with what is wrong, with the alarm level at a threshold that the user or data give."""
        self.outputs.append({"name": name, **entry, **self.level(name)})

    def level(self, name: str) -> dict[str, float]:
        """Gain and offset by the user's threshold; open until there is one, or normal data to take it from."""
        limit = self.answers.get("threshold", number)
        worse = self.answers.get("worse", one_of("high", "low")) or "high"
        of_series = any(entry["kind"] != "image" for entry in self.inputs)
        if limit is None and of_series and "calibrate" in self.answers:
            self.must_calibrate = True
            return {"gain": 1.0 if worse == "high" else -1.0}
        if limit is None:
            hint = say(" Or let normal data say it: --set calibrate=scenario:NAME, or a file.") if of_series else ""
            self.open.append(
                Question("threshold", say("From which value of '{name}' on is something wrong? Say --set threshold=X "
                                          "(and --set worse=low, if it falls).", name=name) + hint)
            )  # fmt: skip
            return {}
        self.more["threshold"] = limit
        return level(limit, worse)

    def classes(self, name: str, decode: str, labels: Sequence[str], must_alarm: bool) -> None:
        """An output of shares of classes; a class that is normal makes the others an alarm."""
        self.outputs.append({"name": name, "role": "label", "decode": decode})
        self.more["labels"] = list(labels)
        normal = self.answers.get("normal", names) or [label for label in labels if label.lower() in NORMAL]
        strange = [label for label in normal if label not in labels]
        if strange:
            raise InputError(say("There is no class '{name}'. Known: {names}.",
                                 name=strange[0], names=", ".join(labels[:12])))  # fmt: skip
        if normal:
            self.more["harmless"] = normal
            self.told.append(say("alarm when '{classes}' is less likely than the rest", classes=", ".join(normal)))
        elif must_alarm and labels:
            self.known("normal", say("Which of its classes ({classes}) is the normal one? Say --set normal=CLASS.",
                                     classes=", ".join(labels[:12])), names)  # fmt: skip
        elif labels:
            self.told.append(say("names classes and raises no alarm; --set normal=CLASS makes the others one"))

    def card(self, recognised: str, task: str, usual: str) -> dict[str, Any]:
        """The card as it stands; a score that the graph does not give itself is taken from another role."""
        roles = {entry["role"]: entry["name"] for entry in self.outputs}
        source = next((role for role in ("reconstruction", "boxes", "map") if role in roles), None)
        if source is None and "label" in roles and self.more.get("harmless"):
            source = "label"
        if source is not None and "score" not in roles:
            self.outputs.append({"name": roles[source], "role": "score", "from": source})
        return {
            "format": FORMAT,
            "name": self.graph.stem,
            "kind": recognised,
            "task": task,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "condition": self.assume("condition", usual, condition),
            "severity": self.answers.get("severity", whole) or 500,
            "int8": self.graph.is_quantised,
            "licence": self.graph.props.get("license", ""),
            "origin": self.graph.producer,
            **self.more,
        }

    def role(self, name: str) -> str | None:
        """The output that the user gives this role. Raises InputError if there is none of that name."""
        answer = self.answers.get(name, text)
        known = [port.name for port in self.graph.outputs]
        if answer is not None and answer not in known:
            raise InputError(say("The graph has no output '{name}'.", name=answer) + " " +
                             say("Known: {names}.", names=", ".join(known)))  # fmt: skip
        return answer


def level(limit: float, worse: str = "high") -> dict[str, float]:
    """Gain and offset that put a limit at 1.0; a limit at or below 0 is moved there.

    >>> level(4.0), level(-2.0), level(-0.5, "low")
    ({'gain': 0.25, 'offset': 0.0}, {'gain': 1.0, 'offset': 3.0}, {'gain': -1.0, 'offset': 0.5})
    """
    if worse == "low":
        return {"gain": -1.0, "offset": 1.0 + limit}
    return {"gain": 1.0 / limit, "offset": 0.0} if limit > 0 else {"gain": 1.0, "offset": 1.0 - limit}
