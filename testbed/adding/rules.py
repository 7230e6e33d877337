"""What kind of file it is: rules in their order, and the right question where none fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.adding.answers import Answers, Question, names, whole
from testbed.adding.draft import Draft
from testbed.adding.graph import Graph, Port
from testbed.adding.pictures import (
    PROBE,
    anomalib,
    boxes_settings,
    classifier,
    is_picture,
    named_boxes,
    picture,
    ultralytics,
    yolo_decode,
)
from testbed.adding.probe import probed
from testbed.adding.series import feed, reconstruction, rows_in, scikit_learn, spoken

RULES = (ultralytics, anomalib, named_boxes, scikit_learn, classifier, reconstruction)
CALIBRATING = ("budget", "calibrate", "seeds", "tags")  # are read once the card stands
ROLES = ("score", "map", "boxes", "label", "reconstruction")


def understand(graph: Graph, answers: Answers) -> tuple[dict[str, Any], Draft]:
    """The card of a graph as far as it is known, and the draft with what is open.

    Raises InputError for a file that nothing here can feed.
    """
    for rule in RULES:
        draft = Draft(graph, answers)
        card = rule(draft)
        if card is not None:
            return _whole(card, draft)
    draft = Draft(graph, answers)
    return _whole(by_roles(draft), draft)


def _whole(card: dict[str, Any], draft: Draft) -> tuple[dict[str, Any], Draft]:
    """Refuse answers to what nobody asked, once nothing is open."""
    later = CALIBRATING if draft.must_calibrate else ()
    unused = [key for key in draft.answers.unused() if key not in later]
    if unused and not draft.open:
        raise InputError(say("'{key}' says nothing about a file of this kind ({kind}).",
                             key=unused[0], kind=card["kind"]))  # fmt: skip
    return card, draft


def by_roles(draft: Draft) -> dict[str, Any]:
    """A file of no kind that a rule knows: what each output means is asked, and taken as it is said."""
    fed = draft.fed
    given = {role: name for role in ROLES if (name := draft.role(role)) is not None}
    pictures = [port for port in fed if is_picture(port)]
    if len(fed) > 1 and (pictures or not all(len(p.shape) == 2 and p.shape[1] == 1 for p in fed)):
        draft.open.append(
            Question("fix", say("It has {n} inputs ({ports}), and one of them can be fed with pictures or tags. Which "
                                "numbers do the others always get? Say --set fix.NAME=NUMBER,….",
                                n=len(fed), ports=spoken(fed)))
        )  # fmt: skip
        return draft.card("foreign", *_usual(bool(pictures)))
    if pictures:
        usual = {"mean": [0.0] * 3, "std": [1.0] * 3}
        picture(draft, pictures[0], usual, fit="letterbox" if "boxes" in given else "stretch")
    elif not rows_in(draft) or not feed(draft):
        raise InputError(
            say("{name} takes {ports}; pictures have four axes, windows of tags three, rows two.",
                name=draft.graph.name, ports=spoken(fed))
        )  # fmt: skip
    return _outputs(draft, given, bool(pictures))


def _outputs(draft: Draft, given: dict[str, str], is_image: bool) -> dict[str, Any]:
    if not given:
        likely = _likely(draft.graph.outputs, is_image)
        draft.open.append(
            Question(likely, say("No rule knows what its outputs mean ({ports}). Say which is what: --set "
                                 "score=OUTPUT (a number that says how wrong things are){roles}.",
                                 ports=spoken(draft.graph.outputs), roles=_roles(is_image)))
        )  # fmt: skip
        return draft.card("foreign", *_usual(is_image))
    task = "anomaly.image" if is_image else "anomaly.series"
    for role, name in given.items():
        if role == "boxes":
            task = "detect"
            _boxes(draft, name)
        elif role == "label":
            task = "classify" if is_image else task
            found = draft.known("labels", say("Which classes does '{name}' give, in its order? Say --set "
                                              "labels=NAME,NAME,….", name=name), names)  # fmt: skip
            draft.classes(name, "shares", found or [], must_alarm=not is_image)
        elif role == "reconstruction":
            draft.score(name, role=role, of=draft.fed[0].name)
        else:
            draft.score(name, role=role, **_channel(draft, name, role))
    return draft.card("foreign", task, _usual(is_image)[1])


def _usual(is_image: bool) -> tuple[str, str]:
    """Task and condition of pictures, or of tags."""
    return ("anomaly.image", "surface") if is_image else ("anomaly.series", "process")


def _channel(draft: Draft, name: str, role: str) -> dict[str, int]:
    """Which of several numbers, or of several maps, is meant."""
    value = probed(draft, PROBE).get(name)
    count = 1 if value is None else value[0].size if role == "score" else value[0].size // np.prod(value.shape[-2:])
    if count == 1:
        return {}
    chosen = draft.known("channel", say("'{name}' gives {n} of them. Which one is it? Say --set channel=N, from 0 to "
                                        "{last}.", name=name, n=count, last=count - 1), whole)  # fmt: skip
    if chosen is not None and chosen >= count:
        raise InputError(say("'{name}' has channels 0 to {last}, but got {n}.", name=name, last=count - 1, n=chosen))
    return {} if chosen is None else {"channel": chosen}


def _boxes(draft: Draft, name: str) -> None:
    found = draft.known("labels", say("Which classes does '{name}' give, in its order? Say --set labels=NAME,NAME,….",
                                      name=name), names)  # fmt: skip
    port = next(port for port in draft.graph.outputs if port.name == name)
    draft.outputs.append({"name": name, "role": "boxes", "decode": yolo_decode(port.shape, len(found or []))})
    boxes_settings(draft, found or [])


def _likely(outputs: tuple[Port, ...], is_image: bool) -> str:
    return "map" if is_image and outputs and len(outputs[0].shape) == 4 else "score"


def _roles(is_image: bool) -> str:
    if is_image:
        return say(", map=OUTPUT (that number for every pixel), label=OUTPUT (shares of classes), boxes=OUTPUT")
    return say(", label=OUTPUT (shares of classes), reconstruction=OUTPUT (what went in, given back)")
