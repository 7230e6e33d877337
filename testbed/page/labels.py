"""Every word of the page itself, by the key under which its modules ask for it."""

from __future__ import annotations

from connectors.texts import say, word
from testbed.page.line import PARTS, part_name
from testbed.page.replay_labels import replay_labels
from testbed.rotating.machines import MACHINES


def labels() -> dict[str, str]:
    """In the language spoken now."""
    parts = {f"part.{part.name}": part_name(part.name) for part in PARTS}
    return {**_frame(), **_presenter(), **_alarms(), **_trends(), **_views(), **replay_labels(), **parts}


def _frame() -> dict[str, str]:
    return {
        "title": say("Steel line testbed"),
        "simulated": say("Simulated"),
        "simulated_long": say("Simulated plant: this validates nothing on a real one."),
        "live": say("Connected"),
        "lost": say("Connection lost – trying again"),
        "works": say("The line"),
        "not_here": say("not in this run"),
        "faint": say("Faint: not in this run"),
        "clock": say("Time in the run"),
        "skip": say("Skip to the alarms"),
        "close": say("Close"),
        "log_in": say("Log in"),
        "name": say("Name"),
        "password": say("Password"),
    }


def _presenter() -> dict[str, str]:
    return {
        "presenter": say("Presenter"),
        "story": say("Story"),
        "start": say("Start"),
        "pause": say("Pause"),
        "resume": say("Go on"),
        "reset": say("Reset"),
        "speed": say("Speed"),
        "from": say("From"),
        "from_start": say("the beginning"),
        "from_high": say("just before it happens"),
        "forward": say("Fast forward"),
        "forward_to": say("Fast forward to"),
        "forward_alarm": say("Fast forward to the next alarm"),
        "forward_end": say("End fast forward"),
        "speed_max": say("as fast as it goes"),
        "ai_on": say("AI on"),
        "ai_off": say("AI off"),
        "cue": say("What to tell"),
        "next": say("Next"),
        "nothing_next": say("Nothing more in the script"),
        "idle": say("Ready"),
        "starting": say("Starting …"),
        "running": say("Running"),
        "held": say("Paused"),
        "done": say("Finished"),
        "stopped": say("Stopped"),
        "failed": say("Failed"),
        "choose": say("Choose a story and press Start."),
        "report_ko": say("Report in Korean"),
        "report_en": say("Report in English"),
        "found": say("found in time"),
        "false_alarms": say("false alarms"),
        "met": say("Expectations met."),
        "not_met": say("Expectations NOT met."),
        "inject": say("Inject now"),
        "kind": say("Kind"),
        "place": say("Place"),
        "drawn": say("as drawn"),
        "severity": say("How bad"),
        "mild": say("mild"),
        "usual": say("usual"),
        "severe": say("severe"),
        "saved": say("Saved"),
        "stake": say("At stake"),
        "so_far": say("so far"),
        "lost_money": say("Lost"),
        "spent": say("Spent on false alarms"),
        "co2_saved": say("CO2 of scrap avoided"),
        "co2_lost": say("CO2 of scrap"),
        "worth": say("What it was worth – simulated estimate"),
        "assumed": say("Assumptions"),
        "no_worth": say("Shown as soon as something is at stake; run the story with AI on and with AI off."),
    }


def _alarms() -> dict[str, str]:
    return {
        "alarms": say("Alarms"),
        "alert": say("AI alert"),
        "no_alarm": say("No alarm"),
        "all_quiet": say("Nothing stands out"),
        "unwatched": say("AI is off: nobody watches, nobody warns."),
        "struck": say("It has happened:"),
        "why": say("Why"),
        "swings_more": say("swings more"),
        "do": say("What to do"),
        "left": say("Time left"),
        "seconds": say("s"),
        "open": say("still open"),
        "right": say("right"),
        "wrong": say("false alarm"),
        "late": say("too late"),
        "after": say("after the damage"),
        "brief.unacknowledged": say("unseen"),
        "brief.returned-unacknowledged": say("returned"),
        "brief.acknowledged": say("seen"),
        "acknowledge": say("Acknowledge"),
        "acknowledge_all": say("Acknowledge all"),
        "shelve": say("Shelve"),
        "out_of_service": say("Out of service"),
        "put_back": say("Put back"),
        "reason": say("Reason"),
        "by": say("Your name"),
        "minutes": say("Minutes"),
        "state": say("State"),
        "at": say("Time"),
        "what": say("What"),
        "until": say("until"),
        "more": say("further alarms"),
        "unacknowledged": say("Unacknowledged"),
        "acknowledged": say("Acknowledged"),
        "returned-unacknowledged": say("Returned, unacknowledged"),
        "latched": say("Latched"),
        "shelved": say("Shelved"),
        "suppressed-by-design": say("Suppressed by design"),
        "out-of-service": say("Out of service"),
        "normal": say("Normal"),
    }


def _trends() -> dict[str, str]:
    return {
        "trends": say("Trends"),
        "trend": say("Trend"),
        "hold_trends": say("Hold the trends"),
        "go_on_trends": say("Follow again"),
        "whole": say("whole run"),
        "add": say("Add a tag"),
        "remove": say("Remove"),
    }


def _views() -> dict[str, str]:
    return {
        "view.strip": say("Strip surface, as the camera sees it"),
        "view.map": say("All that was found on this coil"),
        "no_picture": say("No picture yet"),
        "nothing_found": say("nothing found"),
        "unnamed": say("unnamed mark"),
        "view.mould": say("Mould: thermocouples against the others of their row, K"),
        "face.BF": say("Fixed face"),
        "face.FF": say("Free face"),
        "face.NL": say("Left"),
        "face.NR": say("Right"),
        "meniscus": say("Meniscus"),
        "exit": say("Mould exit"),
        "to_exit": say("If nobody acts, at the mould exit in"),
        "row": say("Row"),
        "stands_out": say("Stands out"),
        "view.mill": say("Stands"),
        "force": say("Force"),
        "gap": say("Gap"),
        "thickness": say("Thickness"),
        "said": say("What the gauge says"),
        "true": say("What is true"),
        "swing": say("swings by"),
        "no_strip": say("No strip in the mill"),
        "view.zones": say("Across the bar's width behind the descaler, K against the first bar"),
        "view.headers": say("Water of each header"),
        "view.banks": say("Water along the run-out table"),
        "no_bar": say("No bar under the pyrometer"),
        "wanted": say("wanted"),
        "view.machines": say("Machines: what they measure, and how many times as much as at first"),
        **{f"machine.{machine.code}": word(machine.title) for machine in MACHINES},
        "view.chatter": say("Chatter"),
        "spectrum": say("Third octaves of the stand's vibration"),
        "growth": say("Strength from 120 to 250 Hz, each stand"),
        "natural_band": say("Here stands swing by themselves"),
        "sings": say("sings"),
        "tenfold": say("ten times as strong in"),
        "loud": say("louder than usual"),
        "no_wave": say("No vibration yet"),
        "loudest": say("the loudest stand"),
        "heard": say("Stand that is shown and heard"),
        "sound_on": say("Sound on"),
        "sound_off": say("Sound off"),
    }
