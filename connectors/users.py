"""Who may come in from beyond this machine: names with a hashed password, or with a certificate.

The file is `users.json` in the user data directory, mode 600. Passwords are kept as scrypt (RFC 7914) for OPC UA and as
PBKDF2-SHA512 (RFC 8018) in the form mosquitto reads; neither tells the password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.home import home, write_private
from connectors.texts import say

LEAST = 8  # characters of a password
SCRYPT = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms a try
ROUNDS = 200_000  # of PBKDF2
FORMAT = "testbed.users/1"
ROLES = ("viewer", "operator", "engineer")  # each may do what those before it may
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


@dataclass(frozen=True, slots=True)
class User:
    """One user; any of the three ways in may be missing. The role says what they may do at the live page."""

    name: str
    scrypt: str = ""
    broker: str = ""  # what mosquitto's password file says after the name
    certificates: tuple[str, ...] = ()  # SHA-256 fingerprints
    role: str = ROLES[0]


@dataclass(slots=True)
class Users:
    """The users of one user data directory."""

    path: Path = field(default_factory=lambda: home() / "users.json")

    def all(self) -> dict[str, User]:
        """Every user by name. Raises InputError if the file does not read, or others can read it."""
        if not self.path.exists():
            return {}
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            raise InputError(say("Others can read {path}. Say 'chmod 600 {path}'.", path=self.path))
        try:
            told: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            if told["format"] != FORMAT:
                raise ValueError(told["format"])
            return {
                name: User(
                    name,
                    one.get("scrypt", ""),
                    one.get("broker", ""),
                    tuple(one.get("certificates", ())),
                    one.get("role", ROLES[0]),
                )
                for name, one in told["users"].items()
            }
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            raise InputError(
                say("{path} is no list of users. Move it away and add them again.", path=self.path)
            ) from None

    def add(self, name: str, password: str | None = None, fingerprint: str = "", role: str | None = None) -> User:
        """Add a user, or give one a new password, a further certificate or another role.

        Raises InputError if anything given does not fit.
        """
        if role is not None and role not in ROLES:
            raise InputError(say("--role takes {known}, but got '{role}'.", known=", ".join(ROLES), role=role)
                             + nearest(role, ROLES))  # fmt: skip
        if not NAME.fullmatch(name):
            raise InputError(
                say("'{name}' is no user's name. Up to 32 letters, digits, '_', '.' and '-' fit.", name=name)
            )
        users = self.all()
        old = users.get(name, User(name))
        more = () if not fingerprint or fingerprint in old.certificates else (fingerprint,)
        known = (*old.certificates, *more)
        if password is None:
            user = User(name, old.scrypt, old.broker, known, role or old.role)
        else:
            if len(password) < LEAST or "\n" in password:
                raise InputError(say("A password has at least {n} characters, all on one line.", n=LEAST))
            user = User(name, _scrypt(password), broker_hash(password), known, role or old.role)
        users[name] = user
        self._write(users)
        return user

    def remove(self, name: str) -> None:
        """Take a user away. Raises InputError if there is none such."""
        users = self.all()
        if name not in users:
            raise InputError(say("There is no user '{name}'.", name=name) + nearest(name, users))
        del users[name]
        self._write(users)

    def _write(self, users: dict[str, User]) -> None:
        told = {
            user.name: {
                "scrypt": user.scrypt,
                "broker": user.broker,
                "certificates": list(user.certificates),
                "role": user.role,
            }
            for user in users.values()
        }
        try:
            write_private(self.path, json.dumps({"format": FORMAT, "users": told}, indent=1).encode())
        except OSError as error:
            raise InputError(
                say("{path} cannot be written: {reason}.", path=self.path, reason=error.strerror or error)
            ) from None

    def has_password(self, name: str, password: str) -> bool:
        """Whether this is the user's password; takes as long for a name that is unknown."""
        user = self.all().get(name)
        kept = user.scrypt if user is not None and user.scrypt else _NOBODY
        salt, hashed = (base64.b64decode(part) for part in kept.split("$")[-2:])
        found = hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)
        return hmac.compare_digest(found, hashed) and kept != _NOBODY

    def of_certificate(self, fingerprint: str) -> str | None:
        """The user whose certificate this is."""
        return next((user.name for user in self.all().values() if fingerprint in user.certificates), None)


def _scrypt(password: str) -> str:
    salt = os.urandom(16)
    return f"scrypt${_b64(salt)}${_b64(hashlib.scrypt(password.encode(), salt=salt, **SCRYPT))}"


def broker_hash(password: str) -> str:
    """$7$ rounds $ salt $ hash, as mosquitto 2 writes it."""
    salt = os.urandom(12)
    return f"$7${ROUNDS}${_b64(salt)}${_b64(hashlib.pbkdf2_hmac('sha512', password.encode(), salt, ROUNDS, 64))}"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_NOBODY = f"scrypt${_b64(bytes(16))}${_b64(bytes(64))}"
