"""User names, passwords and keys: from the environment or from a file that its owner alone can read."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.texts import say

ENVIRONMENT = "TESTBED_"  # and the name in capitals: TESTBED_USER, TESTBED_PASSWORD, …


@dataclass(frozen=True, slots=True)
class Login:
    """How a server or broker lets us in.

    Attributes:
        user, password: of a session.
        certificate, key: paths of our certificate and its key, instead of those 'testbed certs init' makes.
        user_certificate, user_key: paths of a user's own, who comes in by them instead of a password (OPC UA).
        authority: path of the certificate that a broker's own must be signed by.
    """

    user: str = ""
    password: str = ""
    certificate: str = ""
    key: str = ""
    authority: str = ""
    user_certificate: str = ""
    user_key: str = ""

    def __repr__(self) -> str:
        """Says what is there, never what it is: a log is no place for a password."""
        return f"Login({', '.join(name for name in NAMES if getattr(self, name))})"


NAMES = tuple(entry.name for entry in fields(Login))
FORBIDDEN = (*NAMES, "username", "passwd", "pwd", "token", "secret", "private_key", "certificate_key", "api_key")


def logins(path: Path | None, environment: Mapping[str, str] = os.environ) -> dict[str, Login]:
    """Logins by address; under '' the one for every address that has none of its own.

    The file is TOML: `user = …` at its head is for all, a table such as ["opc.tcp://plc:4840"] for one address. What
    the environment says stands in for what the file's head does not. Raises InputError if others can read the file.
    """
    raw = {} if path is None else _read(path)
    here = {name: environment.get(ENVIRONMENT + name.upper(), "") for name in NAMES}
    head = {name: value for name, value in raw.items() if not isinstance(value, dict)}
    found = {"": _login({**here, **head}, path, "")}
    for url, table in raw.items():
        if isinstance(table, dict):
            found[url] = _login(table, path, url)
    return found


def _login(values: Mapping[str, Any], path: Path | None, where: str) -> Login:
    for name, value in values.items():
        if name not in NAMES:
            raise InputError(
                say("{path}: '{name}' is no secret that is known.", path=path, name=name) + nearest(name, NAMES)
            )
        if not isinstance(value, str):
            raise InputError(say("{path}: '{name}' must be a text in quotes.", path=path, name=name))
    login = Login(**values)
    if bool(login.certificate) != bool(login.key) or bool(login.user_certificate) != bool(login.user_key):
        raise InputError(say("A certificate needs its key and a key its certificate. Give both or none."))
    for name in ("certificate", "key", "authority", "user_certificate", "user_key"):
        file = getattr(login, name)
        if file and not Path(file).is_file():
            raise InputError(say("There is no {name} at '{file}'.", name=name, file=file))
    return login


def _read(path: Path) -> dict[str, Any]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(say("The secrets file {path} cannot be read: {reason}.", path=path, reason=reason)) from None
    if os.name == "posix" and mode & 0o077:
        raise InputError(
            say("Others can read the secrets file {path} (mode {mode}). Say 'chmod 600 {path}'.", path=path,
                mode=f"{mode:o}")
        )  # fmt: skip
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(")[2].rstrip(")")  # what stands there is a secret: only the place is told
        raise InputError(say("The secrets file {path} is no TOML ({place}).", path=path, place=place)) from None
