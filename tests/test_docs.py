"""Every page under docs/ that tells what to type: its blocks run in order, in one folder, as a reader would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if "```console" in page.read_text(encoding="utf-8")]
BLOCK = re.compile(r"(?:<!-- (?P<note>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_blocks_run(page, tmp_path):
    env = {**os.environ, "TESTBED_HOME": str(tmp_path / "home"), "COLUMNS": "160", "TESTBED_LANG": "en"}
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        note, kind, text = block["note"] or "", block["kind"], block["text"]
        if note == "needs: TESTBED_DATA" and "TESTBED_DATA" not in os.environ:
            continue
        if note.startswith("file: "):
            (tmp_path / note.removeprefix("file: ").strip()).write_text(text, encoding="utf-8")
        elif kind == "python":
            _run([sys.executable, "-c", text], tmp_path, env)
        elif kind == "console":
            for line in text.splitlines():
                _command(line, note, tmp_path, env)


def _command(line: str, note: str, folder: Path, env: dict[str, str]) -> None:
    words = shlex.split(line)
    if not words:
        return
    assert words[0] in ("testbed", "python"), f"a reader may not have '{words[0]}'"
    command = [sys.executable, *(["-m", "testbed"] if words[0] == "testbed" else [])]
    if note == "not run: until stopped":  # its options must be there all the same
        known = _run([*command, *[w for w in words[1:3] if not w.startswith("-")][:1], "--help"], folder, env)
        assert all(word in known for word in words if word.startswith("--")), line
        return
    allowed = (0, 1) if note == "may miss its expectations" else (0,)
    _run([*command, *words[1:]], folder, env, allowed)


def _run(command: list[str], folder: Path, env: dict[str, str], allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in allowed, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_every_file_it_links_to_exists(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
