"""A configuration is linted as a whole, takes its paths from its own folder, and holds no secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.errors import InputError
from edge.config import lint_config, read_config


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "edge.toml", mode: int = 0o644) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def told(path: Path) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.text) for problem in lint_config(path)[1]]


def test_paths_are_taken_from_the_folder_of_the_file(put, tmp_path, monkeypatch):
    put("name\nL/A\n", "tags.csv")
    put("", "m.onnx")
    path = put(
        '[watch]\nurls = "mqtt://b"\ntags = "tags.csv"\nmodels = ["m.onnx", "rules", "sticker"]\nrecords = "all"\n'
    )
    monkeypatch.chdir("/")
    watch = read_config(path).tables["watch"]
    assert watch == {
        "urls": ["mqtt://b"],
        "tags": str(tmp_path / "tags.csv"),
        "models": [str(tmp_path / "m.onnx"), "rules", "sticker"],
        "records": str(tmp_path / "all"),
    }


def test_every_fault_is_told_at_once_with_its_line_and_the_nearest_name(put):
    path = put(
        'lang = "kr"\n'
        "\n"
        "[watch]\n"
        'urls = ["modbus://x", "mqtt://"]\n'
        'tags = "gone.csv"\n'
        'moduls = ["rules"]\n'
        "patience_s = 0\n"
        'duration = "soon"\n'
        "wait = 1\n"
        "[run]\n"
        'over = "opc"\n'
        "seed = -1\n"
        'speed = "fast"\n'
        "[rum]\n"
    )
    faults = told(path)
    assert [line for line, _ in faults] == [1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14]
    text = "\n".join(f for _, f in faults)
    for hint in (
        "'ko'",
        "'modbus://x'",
        "names no host",
        "'models'",
        "no duration",
        "'opcua'",
        "'run'",
        "true or false",
    ):
        assert hint in text


@pytest.mark.parametrize(
    "line", ['password = "hunter2"', 'user = "me"', 'key = "me.pem"', 'Token = "hunter2"',
             '[watch]\npassword = "hunter2"', '[watch.login]\nuser = "me"', 'watch.password = "hunter2"'],
)  # fmt: skip
def test_a_secret_is_refused_and_not_repeated(put, line):
    faults = told(put(line + "\n"))
    assert any("is a secret, which no configuration may hold" in fault for _, fault in faults)
    assert "hunter2" not in str(faults)


@pytest.mark.parametrize(
    ("name", "hint"), [("ruls", "Did you mean 'rules'"), ("gone.onnx", "there is no file 'gone.onnx'")]
)
def test_a_model_that_is_not_there_is_told_before_the_watch_begins(put, name, hint):
    ((line, fault),) = told(put(f'[watch]\nmodels = ["rules", "{name}"]\n'))
    assert line == 2
    assert hint in fault


def test_a_password_in_an_address_is_refused_and_not_repeated(put):
    faults = told(put('[watch]\nurls = ["mqtt://me:hunter2@b"]\n'))
    assert "must not hold a user or password" in faults[0][1]
    assert "hunter2" not in str(faults)


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_a_secrets_file_that_others_can_read_is_told_when_linting(put):
    put('password = "hunter2"\n', "s.toml", 0o644)
    ((line, text),) = told(put('secrets = "s.toml"\n'))
    assert line == 1
    assert "chmod 600" in text
    put('password = "hunter2"\n', "s.toml", 0o600)
    assert told(put('secrets = "s.toml"\n')) == []


@pytest.mark.parametrize(("text", "line"), [("[watch\n", 1), ("\nurls = [\n", None), ("a = 1\na = 2\n", 2)])
def test_what_is_no_toml_is_told_with_its_line(put, text, line):
    ((found, fault),) = told(put(text))
    assert "is no TOML" in fault
    assert line is None or found == line


def test_a_file_that_is_not_there_is_told_with_the_nearest(put):
    put("", "edge.toml")
    with pytest.raises(InputError, match=r"Did you mean 'edge.toml'"):
        read_config("egde.toml")
