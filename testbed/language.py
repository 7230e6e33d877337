"""The language of the command line: which one is asked for, and help and usage errors told in it.

`--lang` stands anywhere on the line; else TESTBED_LANG decides, else the locale.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from connectors.errors import InputError, nearest
from connectors.texts import LANGUAGES, asked_by, say, speak, word

OPTION = "--lang"


def take(arguments: Sequence[str]) -> list[str]:
    """Speak the language that the arguments, TESTBED_LANG or the locale ask for; the arguments without `--lang`.

    Raises InputError if it is none of ours, in English.
    """
    speak("en")
    rest, asked = _taken(arguments)
    wanted = asked or asked_by(os.environ)
    if wanted not in LANGUAGES:
        raise InputError(say("Languages are {known}, but got '{lang}'.", known=", ".join(LANGUAGES), lang=wanted))
    speak(wanted)
    return rest


def _taken(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """The arguments before a bare `--` lose every `--lang X` and `--lang=X`; the last X counts."""
    rest: list[str] = []
    asked = None
    left = list(arguments)
    while left and left[0] != "--":
        first = left.pop(0)
        if first == OPTION:
            if not left:
                raise InputError(say("{option} needs a value.", option=OPTION))
            asked = left.pop(0)
        elif first.startswith(f"{OPTION}="):
            asked = first.removeprefix(f"{OPTION}=")
        else:
            rest.append(first)
    return rest + left, asked


def translate(command: Any) -> None:
    """Help of a click command, its parameters and its commands, in the language spoken now."""
    for text in ("help", "short_help", "epilog"):
        if isinstance(getattr(command, text, None), str):
            setattr(command, text, word(getattr(command, text)))
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = word(parameter.help)
    usage, option = command.get_usage, command.get_help_option
    command.get_usage = lambda context: usage(context).replace("Usage:", say("Usage:"), 1)
    command.get_help_option = lambda context: _told(option(context))
    for one in getattr(command, "commands", {}).values():
        translate(one)


def _told(option: Any) -> Any:
    if option is not None:
        option.help = say("Show this message and exit.")
    return option


def name_panels() -> None:
    """Name the panels of the help in the language spoken now; loads what draws them."""
    from typer import rich_utils as drawn

    drawn.ARGUMENTS_PANEL_TITLE = say("Arguments")
    drawn.OPTIONS_PANEL_TITLE = say("Options")
    drawn.COMMANDS_PANEL_TITLE = say("Commands")
    drawn.REQUIRED_LONG_STRING = say("[required]")
    drawn.DEFAULT_STRING = say("[default: {{}}]")
    drawn.ENVVAR_STRING = say("[env var: {{}}]")


def usage_sentence(error: Any) -> str:
    """What was wrong with the line, from a click usage error."""
    message: str = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    option = getattr(error, "option_name", None)
    hint = _hint(error)
    if found := re.match(r"No such command '(.*?)'", message):
        known = getattr(getattr(context, "command", None), "commands", {})
        return say("No such command '{name}'.", name=found[1]) + nearest(found[1], known)
    if message.startswith("No such option"):
        return say("There is no option '{name}'.", name=option) + nearest(str(option), _options(context))
    if message.startswith("Missing"):
        return say("{what} is missing.", what=hint or "?")
    if found := re.search(r"a valid (\w+)", message):
        return say("{what} takes {kind}.", what=hint, kind=_kind(found[1]))
    if re.search(r"requires (an|\d+) argument", message):
        return say("{option} needs a value.", option=option)
    if found := re.search(r"unexpected extra argument\S* \((.*)\)", message):
        return say("'{what}' is more than the command takes.", what=found[1])
    return message + ("" if message.endswith("?") else ".")


def _hint(error: Any) -> str:
    """The parameter that a usage error is about, as it is written on the line."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return ""
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper())


def _options(context: Any) -> list[str]:
    return [] if context is None else [name for parameter in context.command.params for name in parameter.opts]


def _kind(name: str) -> str:
    if name in ("int", "integer"):
        return say("a whole number")
    if name in ("float", "number"):
        return say("a number")
    return name
