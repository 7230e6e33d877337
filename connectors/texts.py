"""Every sentence a user reads goes through `say`: the English template is the key, other languages are tables.

`translations/ko.json` holds templates, `translations/ko_words.json` names that come as data: faults, tags, models'
advice. A test walks the code for calls of `say` and holds the tables against them, so a translation never is a hunt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "ko")

_table: dict[str, str] = {}
_words: dict[str, str] = {}
_language = "en"
_here: ContextVar[str | None] = ContextVar("language", default=None)  # of this thread or task alone


def speak(language: str) -> None:
    """From now on speak 'en' or 'ko'."""
    global _table, _words, _language
    if language not in LANGUAGES:
        raise ValueError(f"Languages are {', '.join(LANGUAGES)}, but got '{language}'.")
    _language = language
    _table = {} if language == "en" else table(language)
    _words = {} if language == "en" else table(f"{language}_words")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak 'en' or 'ko' inside this block, in this thread or task alone: two people may ask in two languages at once.

    >>> with speaking("ko"):
    ...     say("none")
    '없음'
    """
    if language not in LANGUAGES:
        raise ValueError(f"Languages are {', '.join(LANGUAGES)}, but got '{language}'.")
    token = _here.set(language)
    try:
        yield
    finally:
        _here.reset(token)


def language() -> str:
    """The language spoken now."""
    return _here.get() or _language


def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Templates and words of the language spoken now."""
    here = _here.get()
    return (_table, _words) if here is None else _held(here)


@cache
def _held(language: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return ({}, {}) if language == "en" else (table(language), table(f"{language}_words"))


def asked_by(environment: Mapping[str, str]) -> str:
    """The language a shell asks for: what TESTBED_LANG says, else Korean where its locale is, else English.

    >>> asked_by({"LANG": "ko_KR.UTF-8"}), asked_by({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"})
    ('ko', 'en')
    """
    if environment.get("TESTBED_LANG"):
        return environment["TESTBED_LANG"]
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
    told = _tables()[0].get(template, template).format(**values)
    return _PARTICLE.sub(_particle, told) if language() == "ko" else told


# A Korean particle has two forms, chosen by whether a consonant ends the word before; tables write both.
_PARTICLE = re.compile(r"([0-9가-힣])(['\")\]]*)(은\(는\)|이\(가\)|을\(를\)|와\(과\)|\(으\)로)")
_FORMS = {"은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "와(과)": "과와"}
_ENDS_OPEN = "2459"  # digits whose name ends in a vowel: 이, 사, 오, 구


def _particle(found: re.Match[str]) -> str:
    """The form that fits a Korean letter or a digit; both are left behind a Latin letter."""
    last, quote, both = found.groups()
    final = (ord(last) - ord("가")) % 28 if last >= "가" else 0 if last in _ENDS_OPEN else 8 if last in "178" else 1
    if both == "(으)로":
        return f"{last}{quote}{'으로' if final not in (0, 8) else '로'}"  # 8 is ㄹ
    return f"{last}{quote}{_FORMS[both][0 if final else 1]}"


def word(name: str) -> str:
    """A name or sentence that comes as data, in the language spoken now; unchanged where no table has it.

    >>> word("sticker")
    'sticker'
    """
    sentences, words = _tables()
    return words.get(name) or sentences.get(name, name)
