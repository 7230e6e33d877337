"""Every sentence has its Korean, with the same values in it; every name that comes as data has one too."""

from __future__ import annotations

import re
import string

import pytest

from connectors import texts
from connectors.texts import asked_by, language, say, speak, speaking, table, word
from edge.model import load_model
from edge.network_rules import NetworkRules
from edge.rules import Rules
from testbed.caster.unit import CasterPlant
from testbed.coldmill.unit import ColdMillPlant
from testbed.cyber import attacks
from testbed.hotmill.unit import HotMillPlant
from testbed.library import names, shipped
from testbed.mill.unit import MillPlant
from testbed.models import listed
from testbed.names import ADVICE, TAGS
from testbed.rotating.unit import RotatingPlant
from testbed.runout.unit import RunOutPlant
from testbed.strip.unit import StripPlant
from testbed.testplant import TestPlant
from tests.texts import bare_errors, templates

PLANTS = (CasterPlant, ColdMillPlant, HotMillPlant, MillPlant, RotatingPlant, RunOutPlant, StripPlant, TestPlant)


@pytest.fixture(autouse=True)
def _english():
    yield
    speak("en")


def fields(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def test_every_sentence_has_its_korean():
    korean = table("ko")
    missing = [f"{place}  {template}" for template, place in templates().items() if template not in korean]
    assert not missing, "\n".join(missing)


def test_no_translation_is_of_a_sentence_that_is_gone():
    assert not table("ko").keys() - templates().keys()


def test_a_translation_holds_the_same_values():
    wrong = {template: told for template, told in table("ko").items() if fields(template) != fields(told)}
    assert not wrong


def test_translations_are_korean():
    same = {"{path}:{line}  {error}", "{path}:{line}  {error}.", "affiliation F1", "affil. F1"}  # names, or nothing
    bare = [template for template, told in table("ko").items() if template not in same and not _is_korean(told)]
    assert not bare


def _is_korean(text: str) -> bool:
    return re.search("[가-힣]", text) is not None or not re.search("[a-z]{4}", re.sub(r"\{[^}]*\}", "", text))


def test_every_error_is_said_and_not_written_out():
    assert not bare_errors()


def test_every_name_that_comes_as_data_has_its_korean():
    wanted = {*TAGS.values(), *ADVICE.values(), *names()}
    wanted |= {text for scenario in shipped() for text in (scenario.title, scenario.story) if text}
    wanted |= {name.replace("_", " ") for name in attacks.KINDS}
    wanted |= {name.replace("_", " ") for plant in PLANTS for name in (*plant.KINDS, *getattr(plant, "SETPOINTS", ()))}
    for path in listed().values():
        card = load_model(path).card.raw
        wanted |= {str(card["origin"]), *card.get("training", {})}
        wanted |= {str(label).replace("_", " ") for label in card.get("labels", ())}
    speak("ko")
    assert not [name for name in sorted(wanted) if word(name) == name]


def test_every_advice_of_a_model_is_a_sentence():
    keys = {str(load_model(path).card.advice) for path in listed().values()} | {Rules.advice, NetworkRules.advice}
    assert not keys - ADVICE.keys() - {""}


def test_a_sentence_without_a_table_stays_english():
    speak("ko")
    assert say("nothing holds this {n}", n=3) == "nothing holds this 3"
    assert word("nothing holds this") == "nothing holds this"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'모델'을(를) '열차'이(가)", "'모델'을 '열차'가"),
        ("3은(는) 4은(는) 10와(과) 2와(과)", "3은 4는 10과 2와"),
        ("모델(으)로 코일(으)로 영상(으)로 속도(으)로", "모델로 코일로 영상으로 속도로"),
        ("sticker이(가)", "sticker이(가)"),  # how a Latin word is read aloud, nobody knows here
    ],
)
def test_particles_follow_the_letter_before(monkeypatch, before, after):
    monkeypatch.setattr(texts, "_language", "ko")
    assert say(before) == after


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "TESTBED_LANG": "en"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment, language):
    assert asked_by(environment) == language


def test_two_languages_are_spoken_at_once_each_in_its_own_block():
    with speaking("ko"):
        assert (language(), say("none"), word("sticker")) == ("ko", "없음", "구속성 브레이크아웃")
        with speaking("en"):
            assert (language(), say("none"), word("sticker")) == ("en", "none", "sticker")
        assert say("none") == "없음"
    assert (language(), say("none")) == ("en", "none")
    speak("ko")
    with speaking("en"):
        assert say("none") == "none"
    with pytest.raises(ValueError), speaking("de"):
        pass
