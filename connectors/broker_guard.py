"""A broker that listens beyond loopback: TLS with our certificate, users with passwords, and who may write where."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from connectors.certs import Store
from connectors.clock import wall_s
from connectors.errors import InputError
from connectors.home import write_private
from connectors.secrets import Login
from connectors.texts import say
from connectors.tls import bundle
from connectors.users import Users, broker_hash

AGAIN_S = 10.0  # the same refusal is told so often at most
PLANT = "_plant"  # the user as whom the plant itself comes in

_CONFIG = """\
per_listener_settings true
persistence false
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
log_type error
log_type notice
log_dest stderr
listener {inner} 127.0.0.1
allow_anonymous false
password_file {folder}/inner
listener {port} {host}
allow_anonymous false
password_file {folder}/users
acl_file {folder}/acl
certfile {certificate}
keyfile {key}
tls_version tlsv1.2
"""
_MUTUAL = """\
cafile {folder}/trusted.pem
require_certificate true
"""


@dataclass(slots=True)
class BrokerGuard:
    """What a broker needs to listen beyond loopback.

    Attributes:
        tell: is told of refusals.
        writable: topic patterns that users may write, '%u' standing for their name.
        mutual: clients must show a trusted certificate, too.
        login: as whom the plant itself comes in, by the inner port.
    """

    tell: Callable[[str], None]
    writable: Sequence[str] = ()
    mutual: bool = False
    store: Store = field(default_factory=Store)
    users: Users = field(default_factory=Users)
    login: Login = field(default_factory=lambda: Login(user=PLANT, password=secrets.token_urlsafe(24)))
    _seen: tuple[int, ...] = ()

    def configure(self, folder: Path, host: str, port: int, inner: int) -> str:
        """mosquitto's configuration, with its files in `folder`. Raises InputError if there are no users."""
        text = _CONFIG + (_MUTUAL if self.mutual else "")
        text = text.format(folder=folder, host=host, port=port, inner=inner, certificate=self.store.pem_path,
                           key=self.store.key_path)  # fmt: skip
        write_private(folder / "inner", f"{PLANT}:{broker_hash(self.login.password)}\n".encode())
        write_private(
            folder / "acl", "".join(["pattern read #\n", *(f"pattern write {one}\n" for one in self.writable)]).encode()
        )
        self.write(folder)
        # started as root it would become another user, who cannot read what is ours
        return text + (f"user {getpass.getuser()}\n" if os.name == "posix" and os.geteuid() == 0 else "")

    def write(self, folder: Path) -> None:
        """Who may come in as it is now. Raises InputError if nobody may."""
        self._seen = self._state()
        users = [f"{user.name}:{user.broker}\n" for user in self.users.all().values() if user.broker]
        if not users:
            raise InputError(say("No user has a password for the broker. Say 'testbed users add NAME'."))
        write_private(folder / "users", "".join(users).encode())
        bundle(self.store, folder / "trusted.pem")

    def has_changed(self) -> bool:
        """Whether users or trusted certificates are others than when they were written."""
        return self._state() != self._seen

    def trusts_others(self) -> bool:
        """Whether the trusted certificates are."""
        return self._state()[1:] != self._seen[1:]

    def _state(self) -> tuple[int, ...]:
        paths = (self.users.path, self.store.folder / "trusted", self.store.pem_path)
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def listen(self, log: IO[bytes]) -> threading.Thread:
        """Tell of every refusal in the broker's log, until it ends."""
        thread = threading.Thread(target=self._read, args=(log,), name="broker-log", daemon=True)
        thread.start()
        return thread

    def _read(self, log: IO[bytes]) -> None:
        host, told = "?", dict[str, float]()
        for line in log:
            text = line.decode(errors="replace")
            came = re.search(r"New connection from (\S+?)(:\d+)? on port", text)
            host = came[1] if came else host
            sentence = _sentence(text, host)
            if sentence and wall_s() - told.get(sentence, -AGAIN_S) >= AGAIN_S:
                told[sentence] = wall_s()
                self.tell(sentence)


def _sentence(line: str, host: str) -> str:
    """A refusal in the broker's log as a sentence; '' for anything else."""
    if "not authorised" in line:
        return say(
            "MQTT: {host} was refused: wrong name or password. 'testbed users add NAME' sets a new one.", host=host
        )
    if "peer did not return a certificate" in line:
        return say(
            "MQTT: {host} was refused: it showed no certificate. There, 'testbed certs init' makes one.", host=host
        )
    if "certificate verify failed" in line:
        return say("MQTT: {host} was refused: its certificate is not trusted or has expired. Bring it here and say "
                   "'testbed certs trust FILE'.", host=host)  # fmt: skip
    if "alert unknown ca" in line or "alert certificate" in line or "alert bad certificate" in line:
        return say(
            "MQTT: {host} does not trust our certificate. There, 'testbed certs trust FILE' mends it.", host=host
        )
    return ""
