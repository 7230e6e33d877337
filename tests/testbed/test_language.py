"""The command line speaks the language it is asked for: help, errors, faults of files, tables and reports."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from connectors.texts import speak
from testbed.cli import run_cli

KOREAN = re.compile("[가-힣]")


@pytest.fixture(autouse=True)
def _english():
    yield
    speak("en")


def told(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run_cli(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--lang", "ko", "run", "no-such"),
        ("run", "no-such", "--lang", "ko"),
        ("run", "--lang=ko", "no-such"),
    ],
)
def test_lang_stands_anywhere_on_the_line(capsys, arguments):
    status, _, err = told(capsys, *arguments)
    assert status == 2
    assert "'no-such' 시나리오가 없습니다." in err


def test_environment_and_locale_choose_where_the_line_does_not(capsys, monkeypatch):
    monkeypatch.setenv("TESTBED_LANG", "ko")
    assert "시나리오가 없습니다" in told(capsys, "run", "no-such")[2]
    assert "No scenario" in told(capsys, "--lang", "en", "run", "no-such")[2]
    monkeypatch.delenv("TESTBED_LANG")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert "시나리오가 없습니다" in told(capsys, "run", "no-such")[2]
    monkeypatch.setenv("TESTBED_LANG", "de")
    assert told(capsys, "models") == (2, "", "Languages are en, ko, but got 'de'.\n")


def test_a_language_without_a_name_is_told(capsys):
    assert told(capsys, "models", "--lang") == (2, "", "--lang needs a value.\n")


def test_help_is_korean_from_end_to_end(capsys):
    status, out, _ = told(capsys, "--help", "--lang", "ko")
    assert status == 0
    for word in ("사용법:", "옵션", "명령", "이 도움말을 표시합니다."):
        assert word in out
    for command in ("run", "report", "replay", "check", "bench", "train", "models", "serve", "score", "demo"):
        line = next(line for line in out.splitlines() if re.match(rf"│ {command}\b", line))
        assert KOREAN.search(line)
    _, out, _ = told(capsys, "run", "--help", "--lang", "ko")
    assert "[기본값: memory]" in out
    _, out, _ = told(capsys, "--help")
    assert not KOREAN.search(out)  # the language of one line is not that of the next


@pytest.mark.parametrize(
    ("arguments", "english", "korean"),
    [
        (("rn",), "No such command 'rn'. Did you mean 'run'?", "'rn' 명령이 없습니다. 혹시 'run'입니까?"),
        (("run", "--sed", "3"), "There is no option '--sed'. Did you mean '--seed'?", "'--sed' 옵션이 없습니다."),
        (("run", "x", "--seed", "abc"), "--seed takes a whole number.", "--seed 값은 정수여야 합니다."),
        (("train",), "KIND is missing.", "KIND 항목이 없습니다."),
        (("train", "mspc", "--data"), "--data needs a value.", "--data 값이 없습니다."),
        (("score", "a", "b"), "'b' is more than the command takes.", "'b'은(는) 명령이 받지 않는 인자입니다."),
    ],
)
def test_a_wrong_line_is_told_in_both_languages(capsys, arguments, english, korean):
    status, out, err = told(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(english)
    status, out, err = told(capsys, "--lang", "ko", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(korean)


def test_check_tells_faults_of_files_in_korean(capsys, tmp_path):
    tags = tmp_path / "tags.csv"
    tags.write_text("name,unit,low,high\nL/A,degC,0,100\nL/B,mm,5,1\n")
    status, out, _ = told(capsys, "--lang", "ko", "check", str(tags))
    assert status == 2
    assert f"{tags}:2  'degC' 단위를 알 수 없습니다. 혹시 'Cel'입니까?" in out
    assert f"{tags}:3  low 5는 high 1보다 작아야 합니다." in out


def test_run_and_report_write_the_language_spoken(capsys, tmp_path):
    out = tmp_path / "r"
    status, shown, _ = told(capsys, "run", "showcase", "--out", str(out), "--lang", "ko")
    assert status == 0
    for part in ("구속성 브레이크아웃", "제때 발견", "기대 조건 충족.", "모의 산정(시뮬레이션)"):
        assert part in shown
    page = (out / "report.html").read_text("utf-8")
    assert '<html lang="ko">' in page
    assert "모의 산정(시뮬레이션)" in page
    assert "2.9억 원 – 60억 원" in page
    score = json.loads((out / "score.json").read_text("utf-8"))
    assert score["faults"][0]["name"] == "sticker"  # data stay as they are

    english, korean = tmp_path / "en.html", tmp_path / "ko.html"
    assert told(capsys, "report", str(out), "--out", str(english))[0] == 0
    assert not KOREAN.search(english.read_text("utf-8"))
    assert told(capsys, "report", str(out), "--out", str(korean), "--lang", "ko")[0] == 0
    assert korean.read_text("utf-8") == page


def test_processes_of_their_own_speak_it_too(tmp_path):
    out = tmp_path / "two"
    arguments = ["run", "showcase", "--seeds", "1-2", "--jobs", "2", "--out", str(out), "--lang", "ko"]
    subprocess.run([sys.executable, "-m", "testbed", *arguments], check=True, capture_output=True)
    for page in out.rglob("report.html"):
        assert '<html lang="ko">' in page.read_text("utf-8")
    assert len(list(out.rglob("report.html"))) == 2


def test_the_korean_report_leaves_no_english_sentence(tmp_path, capsys):
    """Words that may stay are names: of models, tags, transports, units, files, and what a card quotes."""
    out = tmp_path / "r"
    assert told(capsys, "run", "caster-sticker", "--out", str(out), "--lang", "ko")[0] == 0
    page = (out / "report.html").read_text("utf-8")
    seen = re.sub(r"<style.*?</style>|<title.*?</title>|<code.*?</code>", " ", page, flags=re.DOTALL)
    seen = re.sub(r"<[^>]*>", "\n", seen)
    english = re.findall(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b", seen)
    assert not english
