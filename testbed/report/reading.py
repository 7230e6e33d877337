"""How the report is to be read: what is simulated, what the words mean, and what it was made with."""

from __future__ import annotations

from connectors.texts import say
from testbed.report.markup import Html, tag
from testbed.report.view import View


def reading(view: View) -> Html:
    """The box at the end."""
    versions = ", ".join(f"{name} {version}" for name, version in view.about.get("versions", {}).items())
    made = tag("p", say("Made with {versions}.", versions=versions), class_="facts") if versions else None
    return tag(
        "section",
        tag("h2", say("How to read this")),
        *(tag("p", sentence) for sentence in _source(view)),
        tag("dl", *(part for term, meaning in _words() for part in (tag("dt", term), tag("dd", meaning)))),
        made,
        class_="reading",
    )


def _source(view: View) -> list[str]:
    if not view.score["is_simulated"] and view.is_live:
        told = say(
            "The samples came from a live line ({urls}) and were judged as they came. What came late was counted and "
            "not judged. Without labels nobody can say which alarms were right.",
            urls=", ".join(view.about["urls"]),
        )
        return [told]
    if not view.score["is_simulated"]:
        told = say(
            "The samples were measured elsewhere and replayed through the same models and alarms that would watch the "
            "line. What the figures say depends on the labels: an alarm that nobody labelled counts as false."
        )
        return [told]
    simulated = say(
        "Every sample in this report comes from a simulated plant. Physics, sensors and faults are modelled on "
        "published figures; nothing here is validated on a real plant, and no figure promises what a model will do "
        "on one."
    )
    truth = say(
        "The truth is known because the plant is simulated: its times come from twins of the plant, with the same "
        "noise, with and without the fault, and nobody acting. No model ever sees it."
    )
    return [simulated, truth]


def _words() -> list[tuple[str, str]]:
    deadline = say(
        "The latest useful alarm: the moment the plant suffers, less the time to react. Where nothing follows, the "
        "end of the run or of the label."
    )
    seen = say("The first moment any tag differs by more than 3 σ of its noise, three samples running.")
    lead = say("From onset to alarm, and from alarm to deadline. An alarm with a negative lead came too late.")
    forbidden = say(
        "A false alarm for something the truth says it must not be taken for, such as a failing thermocouple taken "
        "for a breakout."
    )
    late = say("A late sample came after its time was closed and was not scored; a lost one never came.")
    return [
        (say("deadline"), deadline),
        (say("detectable from"), seen),
        (say("delay, lead"), lead),
        (
            say("aftermath of a fault"),
            say("An alarm at a place where a fault has ended in its consequence: the line has broken down there."),
        ),
        (say("repeat"), say("A further alarm about something already found; neither a find nor a false alarm.")),
        (say("false alarm"), say("An alarm that fits no fault by condition, place and time.")),
        (say("forbidden alarm"), forbidden),
        (say("look-alike"), say("Something that resembles a fault and is none. It is there to be left alone.")),
        (say("blind"), say("Time in which a model could not be asked, because samples were missing or bad.")),
        (say("late, lost"), late),
    ]
