"""Every block of README runs: python is executed, console commands name real commands and options."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "console" for line in text.splitlines() if line]


def test_exactly_two_set_up_commands_stand_in_it():
    assert [line for line in COMMANDS if line.startswith("make ")] == ["make demo", "make test"]


@pytest.mark.parametrize("code", [text for kind, text in BLOCKS if kind == "python"], ids=lambda text: text[:20])
def test_a_python_block_runs(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("testbed ")])
def test_a_command_names_options_that_exist(line):
    words = line.split()
    done = subprocess.run(
        [sys.executable, "-m", "testbed", words[1], "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout, f"{option} of '{line}'"


def test_every_file_it_links_to_exists():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_scenario_it_shows_is_met(tmp_path):
    script = next(text for kind, text in BLOCKS if kind == "python" and "Scenario(" in text)
    (tmp_path / "my_sticker.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-m", "testbed", "run", "my_sticker.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
