"""`testbed certs` and `testbed users`: who we are, whom we trust, who may come in."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from connectors.errors import InputError, nearest
from connectors.texts import say

ACTIONS = ("init", "trust", "list", "renew")
USERS = ("add", "list", "remove")


def certs(action: str, files: Sequence[str], hosts: Sequence[str], days: int | None, json: bool) -> int:
    """Carry out one action on the certificates."""
    from connectors.certs import VALID_DAYS, Store

    store = Store()
    if action not in ACTIONS:
        raise InputError(say("certs takes {known}, but got '{action}'.", known=", ".join(ACTIONS), action=action)
                         + nearest(action, ACTIONS))  # fmt: skip
    if action == "trust" and not files:
        raise InputError(say("certs trust needs a certificate's file, or the start of a refused one's fingerprint."))
    if action != "trust" and files:
        raise InputError(say("certs {action} takes no file.", action=action))
    if action in ("init", "renew"):
        made = (store.make if action == "init" else store.renew)(hosts, VALID_DAYS if days is None else days)
        said = say("Our certificate: {path}, valid until {day}. Others trust it with 'testbed certs trust FILE'.",
                   path=made.path, day=made.until)  # fmt: skip
        return _tell([made], json, said)
    if action == "trust":
        trusted = [store.trust(one) for one in files]
        told = [say("Trusted from now on: {name}, valid until {day}, SHA-256 {fingerprint}.", name=one.name,
                    day=one.until, fingerprint=one.fingerprint) for one in trusted]  # fmt: skip
        told += [say("{name} has expired, and stays out until it is renewed.", name=one.name)
                 for one in trusted if one.days < 0]  # fmt: skip
        return _tell(trusted, json, *told)
    listed = store.listed()
    for warning in store.warnings():
        print(warning, file=sys.stderr)
    lines = [f"{_kind(one.kind):10} {one.until}  {one.fingerprint[:16]}  {one.name}  {one.path}" for one in listed]
    return _tell(listed, json, *(lines or [say("No certificates yet. 'testbed certs init' makes ours.")]))


def _kind(kind: str) -> str:
    return {"own": say("own"), "trusted": say("trusted"), "rejected": say("rejected")}[kind]


def _tell(certificates: Sequence[object], json: bool, *lines: str) -> int:
    from connectors.certs import Certificate

    if json:
        rows = [
            {"kind": one.kind, "name": one.name, "uri": one.uri, "until": one.until, "days": one.days,
             "fingerprint": one.fingerprint, "file": str(one.path)}
            for one in certificates if isinstance(one, Certificate)
        ]  # fmt: skip
        print(jsonlib.dumps({"certificates": rows}, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return 0


def users(action: str, name: str | None, certificate: Path | None, json: bool, role: str | None = None) -> int:
    """Carry out one action on the users."""
    from connectors.users import Users

    if action not in USERS:
        raise InputError(say("users takes {known}, but got '{action}'.", known=", ".join(USERS), action=action)
                         + nearest(action, USERS))  # fmt: skip
    if (name is None) != (action == "list"):
        raise InputError(say("Write it like 'testbed users add NAME', 'users remove NAME' or 'users list'."))
    held = Users()
    if name is not None and action == "remove":
        held.remove(name)
        said = say("'{name}' may not come in any more.", name=name)
    elif name is not None and certificate is not None:
        from connectors.certs import read_certificate

        held.add(name, None, read_certificate(certificate).fingerprint, role)
        said = say("'{name}' may come in by this certificate over OPC UA.", name=name)
    elif name is not None:
        held.add(name, _password(name), role=role)
        said = say("'{name}' may come in by this password.", name=name)
    else:
        rows = [f"{one.name:32} {one.role:9} {_ways(one.scrypt, one.certificates)}" for one in held.all().values()]
        said = "\n".join(rows) or say("No users yet. 'testbed users add NAME' makes one.")
    if json:
        rows = [{"name": one.name, "role": one.role, "password": bool(one.scrypt),
                 "certificates": list(one.certificates)} for one in held.all().values()]  # fmt: skip
        print(jsonlib.dumps({"users": rows}, ensure_ascii=False))
    else:
        print(said)
    return 0


def _ways(scrypt: str, certificates: Sequence[str]) -> str:
    ways = [say("password")] if scrypt else []
    return ", ".join([*ways, *(f"SHA-256 {one[:16]}…" for one in certificates)])


def _password(name: str) -> str:
    """From TESTBED_NEW_PASSWORD, or asked for twice; never from the command line, which others can see."""
    given = os.environ.get("TESTBED_NEW_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise InputError(say("Nobody is there to type a password. Set TESTBED_NEW_PASSWORD for this one command."))
    import getpass

    first = getpass.getpass(say("New password of {name}: ", name=name))
    if getpass.getpass(say("Once more: ")) != first:
        raise InputError(say("The two passwords differ. Nothing was changed."))
    return first
