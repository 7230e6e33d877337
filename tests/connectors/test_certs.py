"""Certificates: made, kept to their owner, trusted by hand alone, and judged by what stands in them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import certs
from connectors.certs import Store, key_is_private
from connectors.errors import InputError

DAY_NS = 86_400 * 10**9
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
Key = ec.EllipticCurvePrivateKey


def foreign(name: str, first: int = -1, last: int = 30, by: tuple[str, Key] | None = None, is_authority: bool = False):
    """A certificate of another make, valid from `first` to `last` days from now, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, signer = (name, key) if by is None else by
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=first))
        .not_valid_after(NOW + datetime.timedelta(days=last))
        .add_extension(x509.BasicConstraints(is_authority, None), True)
        .sign(signer, hashes.SHA256())
    )
    return made, key


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "certs")


def given(store: Store, tmp_path: Path, certificate: x509.Certificate) -> None:
    """Trust it as a user does: from a file."""
    path = tmp_path / "given.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    store.trust(str(path))


def test_our_own_is_made_once_with_a_key_that_is_nobody_elses(store):
    made = store.make(["plc4.works.example", "10.0.0.4"])
    assert key_is_private(store.key_path)
    assert made.uri.startswith("urn:")
    names = made.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "plc4.works.example" in names.get_values_for_type(x509.DNSName)
    assert "10.0.0.4" in map(str, names.get_values_for_type(x509.IPAddress))
    with pytest.raises(InputError, match="certs renew"):
        store.make()
    with pytest.raises(InputError, match="at least one day"):
        store.renew(days=0)


def test_renewing_makes_another_for_the_same_names_and_keeps_the_old(store):
    old = store.make(["plc4.works.example"])
    new = store.renew()
    assert new.fingerprint != old.fingerprint
    names = new.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "plc4.works.example" in names.get_values_for_type(x509.DNSName)
    assert store.certificate_path.with_name("certificate.der.old").read_bytes() == old.der
    assert key_is_private(store.key_path)


def test_a_stranger_is_kept_and_trusted_by_hand_alone(store):
    stranger, _ = foreign("plc")
    assert store.judge(der(stranger)).fault == "untrusted"
    assert store.judge(der(stranger)).fault == "untrusted"
    (kept,) = store.held("rejected")
    assert store.trust(kept.fingerprint[:12]).name == "plc"
    assert store.judge(der(stranger)).fault == ""
    assert not list(store.held("rejected"))


def test_an_authority_vouches_for_whom_it_has_signed_and_nobody_else_does(store, tmp_path):
    authority, key = foreign("works", is_authority=True)
    member, _ = foreign("plc", by=("works", key))
    forged, _ = foreign("plc", by=("works", ec.generate_private_key(ec.SECP256R1())))
    no_authority, its_key = foreign("peer")
    guest, _ = foreign("guest", by=("peer", its_key))
    given(store, tmp_path, authority)
    given(store, tmp_path, no_authority)
    assert store.judge(der(member)).fault == ""
    assert store.judge(der(forged)).fault == "untrusted"
    assert store.judge(der(guest)).fault == "untrusted"


def test_trust_does_not_outlast_validity(store, tmp_path):
    past, _ = foreign("past", -10, -1)
    future, _ = foreign("future", 1, 10)
    assert store.judge(der(past)).fault == "untrusted"
    given(store, tmp_path, past)
    given(store, tmp_path, future)
    assert store.judge(der(past)).fault == "expired"
    assert store.judge(der(future)).fault == "early"
    assert store.judge(b"\x30\x82nonsense").fault == "unreadable"
    assert store.judge(b"").fault == "unreadable"


def test_the_end_is_warned_of_thirty_days_ahead_and_is_one(store, tmp_path, monkeypatch):
    store.make(days=100)
    soon, _ = foreign("soon", last=20)
    assert store.warnings() == []
    given(store, tmp_path, soon)
    assert len(store.warnings()) == 1
    now = certs.now_ns()
    monkeypatch.setattr(certs, "now_ns", lambda: now + 71 * DAY_NS)
    assert any("certs renew" in warning for warning in store.warnings())
    monkeypatch.setattr(certs, "now_ns", lambda: now + 101 * DAY_NS)
    with pytest.raises(InputError, match=r"expired.*certs renew"):
        store.own()


def test_what_is_no_certificate_is_not_trusted(store, tmp_path):
    store.make()
    with pytest.raises(InputError, match="private key"):
        store.trust(str(store.key_path))
    (tmp_path / "note.txt").write_text("trust me")
    with pytest.raises(InputError, match="no certificate"):
        store.trust(str(tmp_path / "note.txt"))
    with pytest.raises(InputError, match="no certificate at"):
        store.trust("absent.der")
    assert not list(store.held("trusted"))


def test_a_name_cannot_lead_out_of_the_folder_and_strangers_do_not_fill_the_disk(store, monkeypatch):
    monkeypatch.setattr(certs, "KEPT", 5)
    for name in ("../../etc/passwd", "a/b", ".."):
        found = store.judge(der(foreign(name)[0])).certificate
        assert found is not None
        assert found.path.resolve().parent == (store.folder / "rejected").resolve()
    for n in range(8):
        store.judge(der(foreign(f"flood {n}")[0]))
    assert len(list((store.folder / "rejected").iterdir())) == 5
