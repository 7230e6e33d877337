"""Who may come in at our OPC UA server, and as whom: certificates at the channel, users at the session."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.security_policies import SecurityPolicyFactory
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession

from connectors.certs import Certificate, Store, Verdict, application_uri
from connectors.clock import wall_s
from connectors.errors import InputError
from connectors.texts import say
from connectors.users import Users

AGAIN_S = 60.0  # the same refusal is told so often at most
Type = ua.SecurityPolicyType
SECURED = [
    Type.Basic256Sha256_Sign, Type.Basic256Sha256_SignAndEncrypt,
    Type.Aes256Sha256RsaPss_Sign, Type.Aes256Sha256RsaPss_SignAndEncrypt,
]  # fmt: skip
CODES = {
    "untrusted": ua.StatusCodes.BadCertificateUntrusted, "expired": ua.StatusCodes.BadCertificateTimeInvalid,
    "early": ua.StatusCodes.BadCertificateTimeInvalid, "unreadable": ua.StatusCodes.BadCertificateInvalid,
}  # fmt: skip
CALLER: ContextVar[Session] = ContextVar("CALLER")  # whose call is being carried out
Tell = Callable[[str], None]
Write = Callable[["Session", ua.WriteValue], Awaitable[ua.StatusCode]]


@dataclass(slots=True)
class Guard:
    """Certificates and users of a server that listens beyond loopback. `tell` is told of every refusal."""

    tell: Tell
    store: Store = field(default_factory=Store)
    users: Users = field(default_factory=Users)
    _told: dict[str, float] = field(default_factory=dict)

    def check(self) -> Certificate:
        """Our certificate. Raises InputError naming every command that is missing before others can be let in."""
        missing = []
        if not self.store.has_own:
            missing.append("testbed certs init")
        if not self.users.all():
            missing.append("testbed users add NAME")
        if missing:
            raise InputError(
                say("Beyond this machine the plant is served with certificates and users only. Say first: {commands}; "
                    "or --insecure to go without.", commands=", ".join(f"'{one}'" for one in missing))
            )  # fmt: skip
        return self.store.own()

    def refuse(self, sentence: str) -> None:
        """Tell of a refusal, unless it was told a moment ago."""
        now = wall_s()
        if now - self._told.get(sentence, -AGAIN_S) >= AGAIN_S:
            if len(self._told) > 1000:  # a flood of different strangers
                self._told.clear()
            self._told[sentence] = now
            self.tell(sentence)

    def bad_certificate(self, verdict: Verdict) -> str:
        """Why a client's certificate is refused, as a sentence."""
        shown = verdict.certificate
        if shown is None:
            return say("OPC UA: a client was refused: its certificate does not read.")
        if verdict.fault == "untrusted":
            return say(
                "OPC UA: {name} was refused: its certificate is not trusted, SHA-256 {fingerprint}. 'testbed certs "
                "trust {path}' lets it in.", name=shown.name, fingerprint=shown.fingerprint, path=shown.path,
            )  # fmt: skip
        if verdict.fault == "expired":
            return say("OPC UA: {name} was refused: its certificate expired on {day}. There, 'testbed certs renew' "
                       "makes a new one.", name=shown.name, day=shown.until)  # fmt: skip
        return say("OPC UA: {name} was refused: its certificate is not valid yet.", name=shown.name)

    # what asyncua asks of a user manager
    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        """The user who shows this; None if there is none such."""
        if username is not None:
            is_right = self.users.has_password(username, password or "")
            if not is_right:
                self.refuse(say("OPC UA: user '{user}' was refused: wrong name or password. 'testbed users add {user}' "
                                "sets a new one.", user=username))  # fmt: skip
            return User(UserRole.User, username) if is_right else None
        if certificate is None:
            return None
        fingerprint = hashlib.sha256(certificate).hexdigest()
        name = self.users.of_certificate(fingerprint)
        if name is None:
            self.refuse(
                say("OPC UA: a user's certificate was refused: nobody here has it, SHA-256 {fingerprint}. 'testbed "
                    "users add NAME --certificate FILE' adds it.", fingerprint=fingerprint)
            )  # fmt: skip
        return None if name is None else User(UserRole.User, name)


class _Anybody:
    """Who comes in on loopback: everybody, and nobody as an administrator. A name is taken with its password only."""

    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        users = Users()
        if username is None or not users.all():
            return User(UserRole.User)
        return User(UserRole.User, username) if users.has_password(username, password or "") else None


class _Policy:
    """A security policy that looks at a client's certificate before anything else."""

    def __init__(self, inner: SecurityPolicyFactory, guard: Guard) -> None:
        self._inner, self._guard = inner, guard

    def matches(self, uri: str, mode: ua.MessageSecurityMode | None = None) -> bool:
        return self._inner.matches(uri, mode)

    def create(self, peer_certificate: bytes | None) -> Any:
        verdict = self._guard.store.judge(peer_certificate or b"")
        if verdict.fault:
            self._guard.refuse(self._guard.bad_certificate(verdict))
            refusal = ua.uaerrors.BadRequestTooLarge()  # the one error that asyncua answers here, by its code
            refusal.code = CODES[verdict.fault]
            raise refusal
        return self._inner.create(peer_certificate)


class Session(InternalSession):
    """A session whose user is checked, and whose writes go where the plant decides."""

    iserver: Sessions  # pyright: ignore[reportIncompatibleVariableOverride]
    _user: User

    @property
    def user(self) -> User:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Who it is; asyncua asks for it before it serves anything, but not whether anybody has come in at all."""
        if self.external and self.iserver.guard is not None and not self.is_activated():
            raise ServiceError(ua.StatusCodes.BadSessionNotActivated)
        return self._user

    @user.setter
    def user(self, user: User) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._user = user

    def activate_session(
        self, params: ua.ActivateSessionParameters, peer_certificate: bytes | None
    ) -> ua.ActivateSessionResult:
        guard = self.iserver.guard
        if guard is not None and not peer_certificate:  # a channel without security is for asking what there is
            guard.refuse(say("OPC UA: {peer} was refused: it came without security.", peer=_host(self.name)))
            raise ServiceError(ua.StatusCodes.BadSecurityModeInsufficient)
        if guard is not None and not isinstance(params.UserIdentityToken, self.iserver.supported_tokens):
            guard.refuse(say("OPC UA: {peer} was refused: it named no user. 'testbed users add NAME' makes one.",
                             peer=_host(self.name)))  # fmt: skip
        return super().activate_session(params, peer_certificate)

    async def write(self, params: ua.WriteParameters) -> list[ua.StatusCode]:
        if not self.external:
            return await super().write(params)
        return [await self.iserver.write_from_outside(self, value) for value in params.NodesToWrite]

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        CALLER.set(self)
        return await super().call(params)

    @property
    def who(self) -> str:
        """The user's name, or where an anonymous one came from."""
        return self.user.name or f"anonymous@{_host(self.name)}"


class Sessions(InternalServer):
    """asyncua's inner server with our sessions."""

    def __init__(self, guard: Guard | None) -> None:
        super().__init__(user_manager=guard or _Anybody())
        self.guard = guard
        self.on_write: Write | None = None

    def create_session(self, name: str, user: User | None = None, external: bool = False) -> InternalSession:
        anybody = user or User(UserRole.Anonymous)
        return Session(self, self.aspace, self.subscription_service, name, user=anybody, external=external)

    def lookup_external_session(self, auth_token: ua.NodeId) -> InternalSession | None:
        """Nobody takes up a session on another channel behind a guard: asyncua would hand it over unasked."""
        return None if self.guard is not None else super().lookup_external_session(auth_token)

    def register_server(self, server: Any, conf: Any = None) -> None:
        """This is no discovery server: nobody, let alone without a session, names other servers here."""
        raise ServiceError(ua.StatusCodes.BadServiceUnsupported)

    async def write_from_outside(self, session: Session, value: ua.WriteValue) -> ua.StatusCode:
        if self.on_write is None:
            return ua.StatusCode(ua.StatusCodes.BadNotWritable)
        return await self.on_write(session, value)


class GuardedServer(Server):
    """asyncua's server behind a guard; without one it takes anybody, for loopback."""

    def __init__(self, guard: Guard | None) -> None:
        super().__init__(iserver=Sessions(guard))
        self._guard = guard
        self._application_uri = application_uri()

    def on_write(self, write: Write) -> None:
        """Let `write` judge every value that clients write; before, none is taken."""
        assert isinstance(self.iserver, Sessions)  # noqa: S101  # made above
        self.iserver.on_write = write

    async def secure(self) -> None:
        """Load what the guard needs; call it after `init`. Raises InputError if something is missing."""
        if self._guard is None:
            self.set_security_policy([Type.NoSecurity])
            return
        own = self._guard.check()
        await self.load_certificate(own.der, "der")
        await self.load_private_key(self._guard.store.key_path)
        await self.set_application_uri(own.uri)
        self.set_security_policy(SECURED)
        self.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])

    async def _setup_server_nodes(self) -> None:
        await super()._setup_server_nodes()
        if self._guard is not None:
            guarded: Sequence[Any] = [_Policy(policy, self._guard) for policy in self._policies]
            self._policies = list(guarded)


def _host(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) and peer else str(peer)
