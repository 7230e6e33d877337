"""Every sentence a user reads goes through `say`: the English template is the key, other languages are tables.

`translations/ko.json` holds templates, `translations/ko_words.json` names that come as data: faults, tags, models'
advice. A test walks the code for calls of `say` and holds the tables against them, so a translation never is a hunt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "ko")

_table: dict[str, str] = {}
_words: dict[str, str] = {}
_language = "en"


def speak(language: str) -> None:
    """From now on speak 'en' or 'ko'."""
    global _table, _words, _language
    if language not in LANGUAGES:
        raise ValueError(f"Languages are {', '.join(LANGUAGES)}, but got '{language}'.")
    _language = language
    _table = {} if language == "en" else table(language)
    _words = {} if language == "en" else table(f"{language}_words")


def language() -> str:
    """The language spoken now."""
    return _language


def of_locale(environment: Mapping[str, str]) -> str:
    """The language a shell asks for: Korean where its locale is, else English.

    >>> of_locale({"LANG": "ko_KR.UTF-8"}), of_locale({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"})
    ('ko', 'en')
    """
    wanted = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "ko" if wanted.lower().startswith("ko") else "en"


def table(name: str) -> dict[str, str]:
    """Template to translation."""
    path = files("connectors").joinpath("translations", f"{name}.json")
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def say(template: str, /, **values: object) -> str:
    """The sentence in the language spoken now, with its values filled in.

    >>> say("{n} files", n=3)
    '3 files'
    """
    return _table.get(template, template).format(**values)


def word(name: str) -> str:
    """A name or sentence that comes as data, in the language spoken now; unchanged where no table has it.

    >>> word("sticker")
    'sticker'
    """
    return _words.get(name) or _table.get(name, name)
