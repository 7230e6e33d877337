"""How a client gets into an OPC UA server: which endpoint, whose certificate, which user, and what a refusal means."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyAes256Sha256RsaPss, SecurityPolicyBasic256Sha256
from asyncua.crypto.uacrypto import CertProperties

from connectors.addresses import check_security, is_loopback, unprotected
from connectors.certs import Store, Verdict, read_certificate
from connectors.errors import InputError, PartFailed
from connectors.heed import heed
from connectors.secrets import Login
from connectors.texts import say

Mode = ua.MessageSecurityMode
POLICIES = {"Aes256_Sha256_RsaPss": SecurityPolicyAes256Sha256RsaPss, "Basic256Sha256": SecurityPolicyBasic256Sha256}
MODES = {"SignAndEncrypt": Mode.SignAndEncrypt, "Sign": Mode.Sign}
NONE = "none"
GONE = (ConnectionError, TimeoutError, OSError, ua.UaError)
BAD_CERTIFICATE = (
    ua.StatusCodes.BadCertificateUntrusted, ua.StatusCodes.BadSecurityChecksFailed,
    ua.StatusCodes.BadCertificateInvalid, ua.StatusCodes.BadCertificateChainIncomplete,
)  # fmt: skip
BAD_USER = (
    ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadIdentityTokenRejected,
    ua.StatusCodes.BadIdentityTokenInvalid, ua.StatusCodes.BadUserSignatureInvalid,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a connection.

    Attributes:
        security: '' chooses, 'none' goes without, else a policy, or a policy and a mode: 'Basic256Sha256,Sign'.
        insecure: go without security even where others could listen.
    """

    security: str = ""
    insecure: bool = False

    def __post_init__(self) -> None:
        check_security(self.security)

    def wanted(self) -> list[tuple[str, Mode]]:
        """(policy, mode) that would do, best first."""
        policy, _, mode = self.security.partition(",")
        if policy in POLICIES:
            return [(policy, MODES[mode or "SignAndEncrypt"])]
        return [(policy, mode) for mode in MODES.values() for policy in POLICIES]


async def enter(client: Client, url: str, login: Login, wish: Wish) -> str:
    """Connect `client` the safest way that server and wish allow; '' or what a user should know about it.

    Raises PartFailed if nobody is there or we are not let in, InputError if something of ours is missing; either says
    the one command that mends it.
    """
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)  # a refusal is told below, in our words
    try:
        endpoints = await client.connect_and_get_server_endpoints()
    except GONE as error:
        raise PartFailed(
            say("No OPC UA server answers at {url} ({reason}).", url=url, reason=reason_of(error))
        ) from None
    heed()
    near = await is_loopback(url)
    chosen = _choose(endpoints, url, login, wish, near)
    if login.user:
        client.set_user(login.user)
        client.set_password(login.password)
    if chosen is not None:
        await _secure(client, url, login, *chosen)
    if login.user_certificate:
        await client.load_client_certificate(login.user_certificate)
        await client.load_private_key(Path(login.user_key))
    try:
        await client.connect()
    except (*GONE, AssertionError) as error:
        if isinstance(error, AssertionError):  # asyncua, where a fault comes instead of a secure channel
            error = ua.UaStatusCodeError(ua.StatusCodes.BadSecurityChecksFailed)
        is_ours = any("steel-testbed" in (endpoint.Server.ApplicationUri or "") for endpoint in endpoints)
        raise PartFailed(_refused(url, login, error, is_ours)) from None
    heed()
    if chosen is None and not near and not wish.insecure:
        return unprotected()
    return ""


Chosen = tuple[ua.EndpointDescription, str, Mode]


def _choose(
    endpoints: Sequence[ua.EndpointDescription], url: str, login: Login, wish: Wish, near: bool
) -> Chosen | None:
    """The endpoint to take; None goes without security.

    On loopback, and with --insecure, it may go without. Elsewhere it does so only where a server offers nothing else,
    and never with a password.
    """
    offered = {(e.SecurityPolicyUri.rpartition("#")[2], e.SecurityMode): e for e in endpoints}
    is_open = ("None", Mode.None_) in offered
    best = next(((offered[key], *key) for key in wish.wanted() if key in offered), None)
    goes_without = wish.insecure or wish.security == NONE
    is_asked = bool(wish.security or login.certificate or login.user_certificate)
    if is_open and (goes_without or (near and not is_asked) or (best is None and not is_asked)):
        if login.user and not near and not wish.insecure:
            raise InputError(
                say("{url} would get the password in the clear. Say --insecure to send it all the same.", url=url)
            )
        return None
    if best is not None and not goes_without:
        return best
    shown = ", ".join(sorted({f"{policy},{mode.name.strip('_')}" for policy, mode in offered})) or "–"
    raise PartFailed(say("{url} offers no security that fits. It offers: {offers}.", url=url, offers=shown))


async def _secure(
    client: Client, url: str, login: Login, endpoint: ua.EndpointDescription, policy: str, mode: Mode
) -> None:
    """Sign, and encrypt, with our certificate, once the server's is found good."""
    store = Store()
    own = read_certificate(Path(login.certificate)) if login.certificate else store.own()
    key = Path(login.key) if login.certificate else store.key_path
    shown = endpoint.ServerCertificate or b""
    verdict = store.judge(shown)
    if verdict.fault or verdict.certificate is None:
        raise PartFailed(_bad_server(url, verdict))
    client.application_uri = own.uri
    try:
        await client.set_security(
            POLICIES[policy], CertProperties(own.der, "der"), CertProperties(key), None,
            CertProperties(verdict.certificate.der, "der"), mode,
        )  # fmt: skip
    except (ValueError, TypeError, OSError) as error:
        raise InputError(
            say("The key {path} does not fit its certificate ({reason}). 'testbed certs renew' makes new ones.",
                path=key, reason=reason_of(error))
        ) from None  # fmt: skip


def _bad_server(url: str, verdict: Verdict) -> str:
    fault, shown = verdict.fault, verdict.certificate
    if shown is None:
        return say("{url} shows a certificate that does not read.", url=url)
    if fault == "untrusted":
        return say(
            "{url} shows a certificate that is not trusted: {name}, SHA-256 {fingerprint}. If that is the server's, "
            "say 'testbed certs trust {path}'.",
            url=url, name=shown.name, fingerprint=shown.fingerprint, path=shown.path,
        )  # fmt: skip
    if fault == "expired":
        return say(
            "{url} shows a certificate that expired on {day}. At the server, 'testbed certs renew' or its own tool "
            "makes a new one.", url=url, day=shown.until,
        )  # fmt: skip
    return say("{url} shows a certificate that is not valid yet. Are both clocks right?", url=url)


def _refused(url: str, login: Login, error: BaseException, is_ours: bool) -> str:
    """What a server's refusal means, and the command that mends it."""
    code = getattr(error, "code", None)
    if code == ua.StatusCodes.BadCertificateTimeInvalid:
        return say(
            "{url} refused our certificate: it is not valid now. 'testbed certs renew' makes a new one.", url=url
        )
    if code in BAD_CERTIFICATE:
        told = {"url": url, "path": login.certificate or _own_path(), "reason": reason_of(error)}
        if is_ours:
            return say(
                "{url} does not trust our certificate yet. Copy {path} to the server and say 'testbed certs trust "
                "FILE' there, or trust what it has just kept in its 'rejected' folder.", **told,
            )  # fmt: skip
        return say(
            "{url} does not trust our certificate yet ({reason}). Put {path} among those it trusts, or move it there "
            "from where the server keeps rejected ones.", **told,
        )  # fmt: skip
    if code in BAD_USER and login.user:
        return say(
            "{url} refused user '{user}': wrong name or password. At the server, 'testbed users add {user}' sets a new "
            "one.", url=url, user=login.user,
        )  # fmt: skip
    if code in BAD_USER and login.user_certificate:
        return say(
            "{url} knows no user by this certificate. At the server, 'testbed users add NAME --certificate FILE' adds "
            "it.", url=url,
        )  # fmt: skip
    if code in BAD_USER:
        return say(
            "{url} lets nobody in without a user. Set TESTBED_USER and TESTBED_PASSWORD; at the server, 'testbed users "
            "add NAME' makes one.", url=url,
        )  # fmt: skip
    return say("No OPC UA server lets us in at {url} ({reason}).", url=url, reason=reason_of(error))


def _own_path() -> str:
    return str(Store().certificate_path)


def reason_of(error: BaseException) -> str:
    """What an error says, without its full stop."""
    return str(error).strip().rstrip(".") or type(error).__name__
