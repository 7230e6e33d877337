"""Every sentence a user reads goes through `say`: the English template is the key, other languages are tables.

A test walks the code for calls of `say` and holds the tables against them, so a translation never is a hunt.
"""

from __future__ import annotations

import json
from importlib.resources import files

LANGUAGES = ("en", "ko")

_table: dict[str, str] = {}
_language = "en"


def speak(language: str) -> None:
    """From now on speak 'en' or 'ko'."""
    global _table, _language
    if language not in LANGUAGES:
        raise ValueError(f"Languages are {', '.join(LANGUAGES)}, but got '{language}'.")
    _language = language
    _table = {} if language == "en" else table(language)


def language() -> str:
    """The language spoken now."""
    return _language


def table(language: str) -> dict[str, str]:
    """Template to translation."""
    path = files("connectors").joinpath("translations", f"{language}.json")
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def say(template: str, /, **values: object) -> str:
    """The sentence in the language spoken now, with its values filled in.

    >>> say("{n} files", n=3)
    '3 files'
    """
    return _table.get(template, template).format(**values)
