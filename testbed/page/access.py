"""Who may do what at the page: on loopback whoever sits there, beyond it users by name, with a role and a cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.clock import now_ns, wall_s
from connectors.errors import InputError
from connectors.home import home
from connectors.setpoints import Audit, SetPoint
from connectors.texts import say
from connectors.times import SECOND
from connectors.users import ROLES, Users

COOKIE = "testbed"
LASTS_S = 12 * 3600  # a shift and a half
TRIES, TRIES_S = 5, 60.0  # log-ins from one address, in so many seconds
ADDRESSES = 10_000  # remembered at most


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a page."""

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether they may do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Bucket:
    """So many things at once, and so many a second after that."""

    def __init__(self, most: float, per_s: float) -> None:
        self._most, self._per_s = most, per_s
        self._left, self._at = most, wall_s()

    def take(self) -> bool:
        """Whether there is room for one more."""
        now = wall_s()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


@dataclass(slots=True)
class Access:
    """The door's keeper.

    Args:
        is_open: on loopback, where whoever sits at the machine may do everything.
        users: who may come in else.
    """

    is_open: bool
    users: Users = field(default_factory=Users)
    audit: Audit = field(default_factory=lambda: Audit(home() / "page.jsonl"))
    _key: bytes = field(default_factory=lambda: os.urandom(32))
    _tries: dict[str, Bucket] = field(default_factory=dict)

    def visitor(self, cookies: Mapping[str, str]) -> Visitor | None:
        """Who comes with these cookies; None for nobody we know. A user who was removed is nobody at once."""
        if self.is_open:
            return Visitor("here", ROLES[-1])
        name = self._named(cookies.get(COOKIE, ""))
        user = None if name is None else self.users.all().get(name)
        return None if user is None else Visitor(user.name, user.role if user.role in ROLES else ROLES[0])

    def log_in(self, name: str, password: str, address: str) -> str | None:
        """The cookie of a user with this password, or None. Raises InputError after too many tries."""
        if not self.may_try(address):
            raise InputError(say("Too many tries. Wait a minute."))
        is_right = self.users.has_password(name, password)
        self.note(Visitor(name[:40], ROLES[0]), "log in", {}, None if is_right else say("wrong name or password"))
        return self._cookie(name) if is_right else None

    def may_try(self, address: str) -> bool:
        """Whether somebody at this address may try once more."""
        if len(self._tries) > ADDRESSES:
            self._tries.clear()
        return self._tries.setdefault(address, Bucket(TRIES, TRIES / TRIES_S)).take()

    def _cookie(self, name: str) -> str:
        told = f"{name}|{now_ns() // SECOND + LASTS_S}"
        return f"{_b64(told.encode())}.{_b64(self._sign(told))}"

    def _named(self, cookie: str) -> str | None:
        try:
            told, signed = (base64.urlsafe_b64decode(part) for part in cookie.split("."))
            name, until = told.decode().rsplit("|", 1)
            good = hmac.compare_digest(signed, self._sign(told.decode()))
            return name if good and int(until) > now_ns() // SECOND else None
        except ValueError:
            return None

    def _sign(self, told: str) -> bytes:
        return hmac.new(self._key, told.encode(), hashlib.sha256).digest()

    def note(self, who: Visitor, did: str, arguments: Mapping[str, Any], why_not: str | None) -> None:
        """Write down what somebody asked for, before it is done. Raises InputError if it cannot be written."""
        value = orjson.dumps(dict(arguments)).decode() if arguments else ""
        self.audit.note(SetPoint(did, value, now_ns(), "page", who.name), why_not)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
