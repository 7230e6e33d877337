"""The words of the replay, of curves and of what may be taken along, by the key under which modules ask for them."""

from __future__ import annotations

from connectors.texts import say


def replay_labels() -> dict[str, str]:
    """In the language spoken now."""
    return {**_curves(), **_desk(), **_told(), **_taken()}


def _curves() -> dict[str, str]:
    return {
        "ahead": say("the run is ahead by"),
        "holes": say("gaps"),
        "take_csv": say("As CSV"),
        "take_png": say("As a picture"),
        "trend_keys": say("Zoom: wheel, drag, two fingers, + and -. Along: Shift with the wheel or arrows. Back: 0."),
    }


def _desk() -> dict[str, str]:
    return {
        "replay": say("Replay of a run"),
        "replay_this": say("Replay this run"),
        "replays": say("Replay"),
        "to_live": say("To the live page"),
        "skip_found": say("Skip to what was found"),
        "record": say("Record"),
        "no_records": say("No record here yet. A run leaves one."),
        "unreadable": say("This record cannot be read."),
        "measured": say("Measured data"),
        "unfinished": say("did not run to its end"),
        "time_axis": say("What happened and what was found, over time"),
        "scrub": say("Moment"),
        "play": say("Play"),
        "previous": say("Before"),
        "by_time": say("By time"),
        "by_metre": say("By metre"),
        "metre": say("Metre"),
        "curves": say("Signals concerned"),
        "at_this_moment": say("At this moment"),
        "quiet_yet": say("Nothing has happened yet"),
        "how_to": say("Space plays, arrows step, Page Up and Page Down leap from one thing that happened to the next."),
    }


def _told() -> dict[str, str]:
    return {
        "nothing_to_find": say("no fault to be found"),
        "happened": say("What happened"),
        "was_done": say("What was done"),
        "found_of_it": say("What was found of it"),
        "onset": say("Onset"),
        "began_at": say("Began"),
        "found_at": say("Found"),
        "delay": say("delay"),
        "lead": say("lead"),
        "too_late": say("too late"),
        "alarm_at": say("Alarm"),
        "by_model": say("Model"),
        "score": say("score"),
        "named": say("Named"),
        "seen": say("What the camera saw"),
        "map": say("The coil from above: marks filled where found, outlined where missed, crossed where false"),
        "marks": say("Marks on the strip"),
        "marks_n": say("there"),
        "marks_found": say("found"),
        "fault": say("fault, onset to end"),
        "lookalike": say("look-alike: resembles a fault and is none"),
        "detectable": say("detectable from"),
        "deadline": say("deadline of a useful alarm"),
        "consequence": say("consequence if nobody acts"),
        "blind": say("not watched"),
        "end.found": say("found in time"),
        "end.late": say("found too late"),
        "end.missed": say("missed"),
        "end.unseen": say("not detectable in time"),
        "end.known": say("known as what it is"),
        "end.left": say("left alone"),
        "end.forbidden": say("raised a forbidden alarm"),
    }


def _taken() -> dict[str, str]:
    return {
        "take_along": say("Export"),
        "take_all": say("The whole record: signals, events with their verdict, truth, pictures."),
        "take_part": say("Only the stretch that is shown:"),
        "install": say("This machine lacks what it needs. It is installed by:"),
        "form.csv": say("CSV, for Excel (.zip)"),
        "form.parquet": say("Parquet, for analysis (.zip)"),
        "form.mcap": say("MCAP, for Foxglove"),
        "form.rrd": say("RRD, for Rerun"),
    }
