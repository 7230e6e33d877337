"""A skipped test makes the run fail where TESTBED_NO_SKIP is set, unless it is listed with its reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass

@pytest.mark.needs("nothing_of_this_name")
def test_needs_a_program():
    pass

@pytest.mark.xfail
def test_known_to_fail():
    assert False
"""
LISTED = "test_it.py::test_skipped  # not today\ntest_it.py::test_needs_a_program  # never there\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A small suite under this suite's conftest, where one program is missing."""
    conftest = (HERE / "conftest.py").read_text(encoding="utf-8")
    missing = 'NEEDS["nothing_of_this_name"] = lambda: "nothing_of_this_name is not on PATH"'
    (tmp_path / "conftest.py").write_text(f"{conftest}\n\n{missing}\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    return tmp_path


def run(suite: Path, skips: str, no_skip: str, *more: str) -> tuple[int, str]:
    (suite / "skips.txt").write_text(skips, encoding="utf-8")
    environment = {**os.environ, "TESTBED_NO_SKIP": no_skip, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *more]
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_skip_is_no_failure_by_itself(suite):
    status, said = run(suite, "", "")
    assert status == 0
    assert "nothing_of_this_name is not on PATH" in said


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one process", "two"])
def test_an_unlisted_skip_fails_the_run_and_is_named(suite, processes):
    status, said = run(suite, LISTED.splitlines()[0], "1", *processes)
    assert status == 1
    assert "test_it.py::test_needs_a_program is not listed in skips.txt" in said
    assert "test_skipped is not listed" not in said


def test_listed_skips_do_not_fail_the_run(suite):
    assert run(suite, f"# why\n\n{LISTED}", "1")[0] == 0


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["one process", "two"])
def test_a_skipped_file_fails_the_run_too(suite, processes):
    (suite / "test_it.py").write_text("import pytest\npytest.importorskip('no_such_module')\n", encoding="utf-8")
    status, said = run(suite, "", "1", *processes)
    assert status == 1
    assert "test_it.py is not listed" in said


def test_every_reason_for_a_skip_names_what_is_missing(monkeypatch):
    from tests.conftest import NEEDS

    monkeypatch.setattr(shutil, "which", lambda program: None)
    for name, missing in NEEDS.items():
        assert name.split("_")[0] in missing()


def test_every_listed_skip_has_a_reason():
    lines = (HERE / "skips.txt").read_text(encoding="utf-8").splitlines()
    assert all("  # " in line for line in lines if line and not line.startswith("#"))
