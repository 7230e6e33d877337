"""Users: nothing in the file tells a password, and only the right one opens."""

from __future__ import annotations

import base64
import hashlib

import pytest

from connectors.errors import InputError
from connectors.users import Users


@pytest.fixture
def users(tmp_path) -> Users:
    return Users(tmp_path / "users.json")


def test_only_the_right_password_opens(users):
    users.add("kim", "kim-secret")
    assert users.has_password("kim", "kim-secret")
    for name, password in (("kim", "kim-secre"), ("kim", ""), ("lee", "kim-secret"), ("", "")):
        assert not users.has_password(name, password)
    users.add("kim", "another-secret")
    assert not users.has_password("kim", "kim-secret")
    users.remove("kim")
    assert not users.has_password("kim", "another-secret")


def test_the_file_is_its_owners_and_holds_no_password(users):
    users.add("kim", "kim-secret")
    users.add("lee", "kim-secret")
    text = users.path.read_text()
    assert users.path.stat().st_mode & 0o777 == 0o600
    assert "secret" not in text
    kim, lee = users.all()["kim"], users.all()["lee"]
    assert kim.scrypt != lee.scrypt and kim.broker != lee.broker
    users.path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        users.all()


def test_the_brokers_form_is_what_mosquitto_computes(users):
    _, kind, rounds, salt, told = users.add("kim", "kim-secret").broker.split("$")
    assert kind == "7"
    found = hashlib.pbkdf2_hmac("sha512", b"kim-secret", base64.b64decode(salt), int(rounds), 64)
    assert base64.b64decode(told) == found


def test_a_user_may_come_by_certificate_and_keeps_the_password(users):
    users.add("kim", "kim-secret")
    users.add("kim", None, "ab" * 32)
    users.add("kim", None, "ab" * 32)
    assert users.all()["kim"].certificates == ("ab" * 32,)
    assert users.of_certificate("ab" * 32) == "kim"
    assert users.of_certificate("cd" * 32) is None
    assert users.has_password("kim", "kim-secret")


@pytest.mark.parametrize("name", ["", "a:b", "a b", "../kim", "_plant", "kim\n", "x" * 33])
def test_a_name_that_could_mean_something_else_is_refused(users, name):
    with pytest.raises(InputError, match="no user's name"):
        users.add(name, "kim-secret")


def test_what_does_not_fit_is_told_and_changes_nothing(users):
    users.add("kim", "kim-secret")
    with pytest.raises(InputError, match="at least 8"):
        users.add("kim", "short")
    with pytest.raises(InputError, match="Did you mean 'kim'"):
        users.remove("kin")
    assert users.has_password("kim", "kim-secret")
    users.path.write_text("{}")
    with pytest.raises(InputError, match="no list of users"):
        users.all()


def test_a_user_has_a_role_and_keeps_it_with_a_new_password(users):
    assert users.add("kim", "kim-secret").role == "viewer"
    assert users.add("kim", "kim-secret", role="operator").role == "operator"
    assert users.add("kim", "another-secret").role == "operator" == users.all()["kim"].role
    with pytest.raises(InputError, match="operator"):
        users.add("lee", "lee-secret", role="operater")
    assert "lee" not in users.all()
