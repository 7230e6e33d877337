"""TLS to a broker: whom we trust, what we show, and what a refusal means."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from connectors.certs import Store, Verdict
from connectors.errors import InputError, PartFailed
from connectors.secrets import Login
from connectors.texts import say

LOOK_S = 5.0  # wall seconds that a look at a refused certificate may take


def client_context(login: Login) -> ssl.SSLContext:
    """TLS 1.2 or later; the broker's certificate must be trusted and name the host that is called.

    Trusted are the login's authority, or else what `testbed certs trust` was told and the system's authorities. Shown
    are the login's certificate, or else our own if there is one. Raises InputError if a file does not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    store = Store()
    try:
        if login.authority:
            context.load_verify_locations(login.authority)
        else:
            context.load_default_certs()
            for trusted in store.held("trusted"):
                context.load_verify_locations(cadata=trusted.der)
        if login.certificate:
            context.load_cert_chain(login.certificate, login.key)
        elif store.has_own:
            context.load_cert_chain(store.pem_path, store.key_path)
    except (ssl.SSLError, OSError) as error:
        raise InputError(
            say("A certificate or key for TLS does not read ({reason}). They are PEM files.", reason=error)
        ) from None
    return context


def try_handshake(context: ssl.SSLContext, host: str, port: int) -> None:
    """A handshake and nothing more. Raises PartFailed with the command that mends it if we do not trust the broker.

    paho would leave its socket open where this fails.
    """
    try:
        with socket.create_connection((host, port), LOOK_S) as plain, context.wrap_socket(plain, server_hostname=host):
            return
    except ssl.SSLCertVerificationError as error:
        raise PartFailed(_why_not(error, host, port)) from None


def _why_not(error: ssl.SSLCertVerificationError, host: str, port: int) -> str:
    """Why we do not let ourselves in, and the command that mends it. The certificate is kept in `rejected`."""
    verdict = _look(host, port)
    url, shown = f"mqtts://{host}:{port}", verdict.certificate
    if shown is None:
        return say("{url} shows a certificate that does not fit ({reason}).", url=url, reason=error.verify_message)
    if verdict.fault == "untrusted":
        return say(
            "{url} shows a certificate that is not trusted: {name}, SHA-256 {fingerprint}. If that is the broker's, "
            "say 'testbed certs trust {path}'.",
            url=url, name=shown.name, fingerprint=shown.fingerprint, path=shown.path,
        )  # fmt: skip
    if verdict.fault == "expired":
        return say("{url} shows a certificate that expired on {day}. There, 'testbed certs renew' or its own tool "
                   "makes a new one.", url=url, day=shown.until)  # fmt: skip
    return say(
        "{url} shows a certificate that does not fit ({reason}). There, 'testbed certs renew --host {host}' makes one "
        "for this name.", url=url, reason=error.verify_message, host=host,
    )  # fmt: skip


def _look(host: str, port: int) -> Verdict:
    try:
        shown = ssl.get_server_certificate((host, port), timeout=LOOK_S)  # only to be judged: nothing is sent
        return Store().judge(ssl.PEM_cert_to_DER_cert(shown))
    except (OSError, ValueError):
        return Verdict("unreadable")


def bundle(store: Store, path: Path) -> None:
    """Our own and every trusted certificate in one PEM file, as brokers read it."""
    path.write_bytes(b"".join(one.pem for one in (store.own(), *store.held("trusted"))))
