"""Secrets come from the environment or from a file that its owner alone can read."""

from __future__ import annotations

import os

import pytest

from connectors.errors import InputError
from connectors.secrets import Login, logins

posix = pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")


@pytest.fixture
def put(tmp_path):
    def write(text: str, mode: int = 0o600):
        path = tmp_path / "s.toml"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def test_a_file_gives_a_login_for_all_and_one_for_an_address(put):
    path = put('user = "all"\n["mqtt://b:1883"]\nuser = "b"\npassword = "p"\n')
    found = logins(path, {})
    assert (found[""].user, found["mqtt://b:1883"].password) == ("all", "p")


def test_the_environment_stands_in_for_what_the_file_does_not_say(put):
    found = logins(put('user = "file"\n'), {"TESTBED_USER": "env", "TESTBED_PASSWORD": "p"})[""]
    assert (found.user, found.password) == ("file", "p")
    assert logins(None, {"TESTBED_USER": "env"})[""].user == "env"


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(put, mode):
    path = put('password = "hunter2"\n', mode)
    with pytest.raises(InputError, match="chmod 600") as caught:
        logins(path, {})
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_toml_is_told_without_what_stands_there(put):
    with pytest.raises(InputError, match="line 1") as caught:
        logins(put("password = hunter2\n"), {})
    assert "hunter2" not in str(caught.value)


def test_what_is_no_secret_is_told_with_the_nearest_name(put):
    with pytest.raises(InputError, match="Did you mean 'password'"):
        logins(put('pasword = "x"\n'), {})


def test_a_certificate_needs_its_key(put):
    with pytest.raises(InputError, match="Give both or none"):
        logins(put('certificate = "/c.der"\n'), {})


def test_a_login_shown_shows_no_secret():
    assert "hunter2" not in repr(Login("me", "hunter2"))
