"""Certificates: our own, the ones we trust, and the ones that were refused and may be trusted.

They lie in the user data directory under `certs`: `own/certificate.der` with `own/key.pem` (mode 600), `trusted/` and
`rejected/`. Nothing gets into `trusted` but by `testbed certs trust`. A peer is trusted if its very certificate is, or
if a trusted authority has signed it, and while it is valid.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from connectors.clock import now_ns
from connectors.errors import InputError, nearest
from connectors.home import home, write_private
from connectors.texts import say
from connectors.times import SECOND

VALID_DAYS = 730
WARN_DAYS = 30  # before the end, expiry is warned of
KEPT = 100  # refused certificates; whoever sends more has the oldest dropped
KEY_BITS = 2048
SUFFIXES = (".der", ".pem", ".crt", ".cer")
Sha = hashes.SHA256


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate and the file it lies in; `kind` is 'own', 'trusted' or 'rejected'."""

    x509: x509.Certificate
    path: Path
    kind: str = ""

    @property
    def name(self) -> str:
        """The common name; the whole subject where there is none."""
        found = self.x509.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else self.x509.subject.rfc4514_string()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, in hexadecimal."""
        return self.x509.fingerprint(Sha()).hex()

    @property
    def uri(self) -> str:
        """The application's URI; '' where it names none."""
        try:
            names = self.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, ValueError):
            return ""
        return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), "")

    @property
    def until(self) -> str:
        """The day it is valid to."""
        return f"{self.x509.not_valid_after_utc:%Y-%m-%d}"

    @property
    def days(self) -> int:
        """Whole days it is still valid; negative once it has expired."""
        return (self.x509.not_valid_after_utc - _now()).days

    @property
    def der(self) -> bytes:
        """As bytes, the form OPC UA sends."""
        return self.x509.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """As text, the form TLS reads."""
        return self.x509.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a peer's certificate is good: `fault` is '', 'untrusted', 'expired', 'early' or 'unreadable'."""

    fault: str
    certificate: Certificate | None = None


class Store:
    """The certificates of one user data directory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home() / "certs"
        self.certificate_path = self.folder / "own" / "certificate.der"
        self.pem_path = self.folder / "own" / "certificate.pem"
        self.key_path = self.folder / "own" / "key.pem"

    # -- our own -----------------------------------------------------------------------------------------------

    @property
    def has_own(self) -> bool:
        """Whether this machine has a certificate and its key."""
        return self.certificate_path.is_file() and self.key_path.is_file()

    def own(self) -> Certificate:
        """Our certificate. Raises InputError if there is none, it does not read, or it has expired."""
        if not self.has_own:
            raise InputError(say("This machine has no certificate yet. Say 'testbed certs init'."))
        found = read_certificate(self.certificate_path, "own")
        if found.x509.not_valid_after_utc < _now():
            raise InputError(say("Our own certificate expired on {day}. Say 'testbed certs renew'.", day=found.until))
        return found

    def make(self, hosts: Sequence[str] = (), days: int = VALID_DAYS) -> Certificate:
        """A new key and certificate for these host names and addresses besides this machine's own.

        Raises InputError if there is one already, or the folder cannot be written.
        """
        if self.has_own:
            raise InputError(
                say("There is a certificate already: {path}. 'testbed certs renew' makes a new one.",
                    path=self.certificate_path)
            )  # fmt: skip
        return self._write(hosts, days)

    def renew(self, hosts: Sequence[str] = (), days: int = VALID_DAYS) -> Certificate:
        """A new key and certificate in place of the old ones, which stay beside them as `*.old`."""
        if not self.has_own:
            raise InputError(say("This machine has no certificate yet. Say 'testbed certs init'."))
        old = read_certificate(self.certificate_path, "own")
        for path in (self.certificate_path, self.pem_path, self.key_path):
            if path.is_file():
                shutil.copy2(path, path.with_name(f"{path.name}.old"))
        return self._write([*_hosts_of(old.x509), *hosts], days)

    def _write(self, hosts: Sequence[str], days: int) -> Certificate:
        if days < 1:
            raise InputError(say("A certificate is valid for at least one day, but --days is {days}.", days=days))
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        made = _self_signed(key, list(dict.fromkeys([*_this_machine(), *hosts])), days)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            write_private(self.key_path, secret)
            self.certificate_path.write_bytes(made.public_bytes(serialization.Encoding.DER))
            self.pem_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        except OSError as error:
            raise InputError(
                say("{path} cannot be written: {reason}.", path=self.folder, reason=error.strerror or error)
            ) from None
        return Certificate(made, self.certificate_path, "own")

    # -- other people's ----------------------------------------------------------------------------------------

    def trust(self, what: str) -> Certificate:
        """Trust the certificate in a file, or a refused one by the start of its fingerprint.

        Raises InputError if there is none such, naming what was refused lately.
        """
        rejected = list(self.held("rejected"))
        path = Path(what)
        if path.is_file():
            found = read_certificate(path)
        else:
            hits = [c for c in rejected if len(what) >= 6 and c.fingerprint.startswith(what.lower())]
            hits = hits or [c for c in rejected if c.path.name == path.name]
            if len(hits) != 1:
                known = [c.path.name for c in rejected]
                raise InputError(say("There is no certificate at '{path}'.", path=what) + nearest(path.name, known))
            found = hits[0]
        place = self.folder / "trusted" / _file_name(found)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.write_bytes(found.der)
        for old in rejected:
            if old.fingerprint == found.fingerprint:
                old.path.unlink(missing_ok=True)
        return Certificate(found.x509, place, "trusted")

    def held(self, kind: str) -> Iterator[Certificate]:
        """Certificates in the folder 'trusted' or 'rejected'; what does not read is passed over, it opens no door."""
        folder = self.folder / kind
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in SUFFIXES:
                try:
                    yield read_certificate(path, kind)
                except InputError:
                    continue

    def listed(self) -> list[Certificate]:
        """Our own, the trusted and the refused ones."""
        own = [read_certificate(self.certificate_path, "own")] if self.certificate_path.is_file() else []
        return [*own, *self.held("trusted"), *self.held("rejected")]

    def judge(self, der: bytes) -> Verdict:
        """Whether a peer that shows this certificate is to be let in. A stranger's is kept in `rejected`."""
        try:
            shown = x509.load_der_x509_certificate(der)
            first, last = shown.not_valid_before_utc, shown.not_valid_after_utc
            peer = Certificate(shown, self.folder / "rejected" / _file_name(Certificate(shown, Path())), "rejected")
            trusted = self._trusts(peer)
        except (ValueError, TypeError, x509.InvalidVersion):
            return Verdict("unreadable")
        if not trusted:
            self._keep(peer)
            return Verdict("untrusted", peer)
        if _now() > last:
            return Verdict("expired", peer)
        return Verdict("early" if _now() < first else "", peer)

    def _trusts(self, peer: Certificate) -> bool:
        for known in self.held("trusted"):
            if known.fingerprint == peer.fingerprint:
                return True
            if known.days >= 0 and _is_authority(known.x509) and _has_signed(known.x509, peer.x509):
                return True
        return False

    def _keep(self, peer: Certificate) -> None:
        peer.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not peer.path.exists():
            old = sorted(peer.path.parent.glob("*.der"), key=lambda path: path.stat().st_mtime_ns)
            for path in old[: max(0, len(old) - KEPT + 1)]:
                path.unlink(missing_ok=True)
            peer.path.write_bytes(peer.der)

    def warnings(self) -> list[str]:
        """One sentence for every certificate in use that ends within 30 days, or has."""
        found = []
        for held in self.listed():
            if held.kind == "rejected" or held.days >= WARN_DAYS:
                continue
            if held.kind == "own":
                found.append(
                    say("Our own certificate ends on {day}. 'testbed certs renew' makes a new one.", day=held.until)
                )
            else:
                found.append(
                    say("The trusted certificate {name} ends on {day}. Its owner has to renew it.", name=held.name,
                        day=held.until)
                )  # fmt: skip
        return found


def read_certificate(path: Path, kind: str = "") -> Certificate:
    """The certificate in a DER or PEM file. Raises InputError if it is none, or a key."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(say("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error)) from None
    if b"PRIVATE KEY" in data:
        raise InputError(
            say("{path} is a private key. Give the certificate; a key never leaves its machine.", path=path)
        )
    try:
        is_text = b"-----BEGIN" in data
        return Certificate(
            (x509.load_pem_x509_certificate if is_text else x509.load_der_x509_certificate)(data), path, kind
        )
    except ValueError:
        raise InputError(say("{path} is no certificate. Give a DER or PEM file.", path=path)) from None


def application_uri() -> str:
    """What our applications are called on this machine."""
    return f"urn:{socket.gethostname()}:steel-testbed"


def _now() -> datetime.datetime:
    return datetime.datetime.fromtimestamp(now_ns() / SECOND, datetime.UTC)


def _this_machine() -> list[str]:
    return [socket.gethostname(), "localhost", "127.0.0.1"]


def _self_signed(key: rsa.RSAPrivateKey, hosts: Sequence[str], days: int) -> x509.Certificate:
    """An application instance certificate (OPC 10000-6, 6.2.2), which TLS takes as well."""
    names = [
        x509.NameAttribute(NameOID.COMMON_NAME, f"steel-testbed@{socket.gethostname()}"[:64]),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "steel-testbed"),
    ]
    subject = x509.Name(names)
    start = _now().replace(microsecond=0) - datetime.timedelta(minutes=5)  # clocks of peers differ a little
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(application_uri()), *(_general_name(host) for host in hosts)]
            ),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, Sha())
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not host.isascii() or not host or any(c in host for c in " /:@"):
        raise InputError(say("'{host}' is neither a host name nor an address.", host=host))
    return x509.DNSName(host)


def _hosts_of(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _has_signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _file_name(certificate: Certificate) -> str:
    """A name that tells whose it is, and cannot lead out of the folder."""
    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in certificate.name)[:40].strip(".") or "certificate"
    return f"{safe}-{certificate.fingerprint[:12]}.der"


def key_is_private(path: Path) -> bool:
    """Whether a key's file is its owner's alone, where the system tells."""
    return os.name != "posix" or not path.stat().st_mode & 0o077
