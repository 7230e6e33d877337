"""What the page says, in every language at once: a visitor changes the language at a touch, without asking anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from connectors.texts import LANGUAGES, speaking, word
from testbed import names

Told = dict[str, str]  # language to text


def told(speak: Callable[[], str]) -> Told:
    """A sentence in every language."""
    texts = {}
    for language in LANGUAGES:
        with speaking(language):
            texts[language] = speak()
    return texts


@cache
def called(name: str) -> Told:
    """A fault, look-alike, set-point or defect."""
    return told(lambda: names.called(name))


@cache
def measured(short: str) -> Told:
    """What a tag measures."""
    return told(lambda: names.measured(short))


@cache
def advice(key: str) -> Told:
    """What to do."""
    return told(lambda: names.advice(key) if key else "")


@cache
def condition(name: str) -> Told:
    """A class of what is wrong."""
    return told(lambda: names.condition(name))


@cache
def words(text: str) -> Told:
    """A title or a story."""
    return told(lambda: word(text))
