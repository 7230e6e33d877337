"""A bench on a Ray cluster gives the rows of this machine; without Ray one sentence says what is missing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import testbed
from connectors.errors import InputError
from testbed.cli import run_cli
from tests.skab import write_skab


@pytest.fixture
def command(tmp_path) -> list[str]:
    for i in range(3):
        write_skab(tmp_path / "skab", f"a/{i}.csv", rows=500, fault=(430, 460))
    return ["bench", "--data", "skab", "--root", str(tmp_path / "skab"), "--models", "rules", "--json"]


def test_a_ray_cluster_gives_the_same_rows_as_this_machine(command, capsys):
    pytest.importorskip("ray")
    assert run_cli(command) == 0
    here = json.loads(capsys.readouterr().out)
    apart = [sys.executable, "-m", "testbed", *command, "--ray", "local"]  # Ray's own processes end after a while
    done = subprocess.run(apart, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == here


def test_a_cluster_that_does_not_answer_is_told_in_one_sentence(command, capsys):
    pytest.importorskip("ray")
    assert run_cli([*command, "--ray", "127.0.0.1:1"]) == 2
    assert "No Ray cluster answers at 127.0.0.1:1" in capsys.readouterr().err


def test_without_ray_one_sentence_says_what_to_install(command, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run_cli([*command, "--ray", "local"]) == 2
    assert "steel-testbed[scale]" in capsys.readouterr().err


def test_pictures_stay_on_this_machine(tmp_path):
    with pytest.raises(InputError, match="goes with scenarios and series"):
        testbed.bench(data=str(tmp_path), ray="local")
