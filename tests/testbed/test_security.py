"""The way in, by the commands a user has: who is refused, on both sides, and which command mends it."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.served import Person, served

SECURED = Path(__file__).parents[1] / "node" / "secured.js"
POLICIES = [
    f"{policy},{mode}" for policy in ("Basic256Sha256", "Aes256_Sha256_RsaPss") for mode in ("Sign", "SignAndEncrypt")
]
PASSWORD = "kim-secret"  # noqa: S105  # of a test's own user
ME = {"user": "kim", "password": PASSWORD}
FILE = re.compile(r"'testbed certs trust ([^']+)'")


pytestmark = pytest.mark.needs("mosquitto")  # the broker of a plant served with users


@pytest.fixture
def plant(tmp_path, monkeypatch, capsys) -> Person:
    """Whoever serves: with a certificate and one user."""
    monkeypatch.setenv("TESTBED_BROKER", "mosquitto")
    person = Person(tmp_path / "plant", monkeypatch, capsys)
    assert person.types("certs", "init")[0] == 0
    assert person.types("users", "add", "kim", new=PASSWORD)[0] == 0
    return person


@pytest.fixture
def visitor(tmp_path, monkeypatch, capsys) -> Person:
    return Person(tmp_path / "visitor", monkeypatch, capsys)


def test_each_refusal_names_the_command_that_mends_it_and_the_way_ends_inside(plant, visitor, tmp_path):
    with served(plant.home, "testplant", "--host", "0.0.0.0") as line:  # noqa: S104
        look = ("browse", line.opcua, "--seconds", "0", "--out", str(tmp_path / "tags.csv"))
        status, said = visitor.types(*look)
        assert (status, "'testbed certs init'" in said) == (2, True), said
        assert visitor.types("certs", "init")[0] == 0

        status, said = visitor.types(*look)
        assert status == 3 and "not trusted" in said
        kept = FILE.search(said)
        assert kept and visitor.types("certs", "trust", kept[1])[0] == 0

        status, said = visitor.types(*look)
        assert status == 3 and "does not trust our certificate" in said and "testbed certs trust" in said
        kept = FILE.search(line.says("is not trusted"))
        assert kept and plant.types("certs", "trust", kept[1])[0] == 0

        status, said = visitor.types(*look)
        assert status == 3 and "'testbed users add NAME'" in said
        assert "'testbed users add NAME'" in line.says("named no user")

        status, said = visitor.types(*look, user="kim", password="kim-guesses")  # noqa: S106
        assert status == 3 and "wrong name or password" in said and "'testbed users add kim'" in said
        assert "'testbed users add kim'" in line.says("wrong name or password")
        assert not (tmp_path / "tags.csv").exists()

        for security in POLICIES:
            status, said = visitor.types(*look, "--security", security, **ME)
            assert status == 0, said
        status, said = visitor.types(*look, "--insecure", **ME)
        assert status == 3 and "offers no security that fits" in said
        assert visitor.types("check", str(tmp_path / "tags.csv"))[0] == 0
        status, said = visitor.types("watch", line.opcua, "--tags", str(tmp_path / "tags.csv"), "--duration", "1s",
                                     "--record", "none", "--json", **ME)  # fmt: skip
        assert status == 0, said
        assert json.loads(said.splitlines()[0])["samples"]["received"] > 0


def test_a_user_may_come_by_certificate_instead_of_a_password(plant, visitor, tmp_path, monkeypatch, capsys):
    lee = Person(tmp_path / "lee", monkeypatch, capsys)
    for person in (visitor, lee):
        person.types("certs", "init")
    assert plant.types("certs", "trust", visitor.certificate)[0] == 0
    assert visitor.types("certs", "trust", plant.certificate)[0] == 0
    secrets, own = tmp_path / "secrets.toml", lee.home / "certs" / "own"
    secrets.touch(0o600)
    secrets.write_text(f'user_certificate = "{own}/certificate.der"\nuser_key = "{own}/key.pem"\n')
    with served(plant.home, "testplant", "--secure") as line:
        look = ("browse", line.opcua, "--seconds", "0", "--secrets", str(secrets), "--out", str(tmp_path / "t.csv"))
        status, said = visitor.types(*look)
        assert status == 3 and "users add NAME --certificate FILE" in said
        assert "users add NAME --certificate FILE" in line.says("certificate was refused")
        assert plant.types("users", "add", "lee", "--certificate", lee.certificate)[0] == 0
        for security in POLICIES:
            status, said = visitor.types(*look, "--security", security)
            assert status == 0, said


def _expired(folder: Path) -> tuple[Path, Path]:
    """A client's certificate that was valid until yesterday, made with another tool, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old client")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=9)).not_valid_after(now - datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:old")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "old.der", folder / "old.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.DER))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))  # fmt: skip
    return paths


def test_a_client_whose_certificate_has_expired_stays_out_although_it_is_trusted(plant, visitor, tmp_path):
    certificate, key = _expired(tmp_path)
    status, said = plant.types("certs", "trust", str(certificate))
    assert status == 0 and "has expired" in said
    visitor.types("certs", "trust", plant.certificate)
    secrets = tmp_path / "secrets.toml"
    secrets.touch(0o600)
    secrets.write_text(f'certificate = "{certificate}"\nkey = "{key}"\nuser = "kim"\npassword = "{PASSWORD}"\n')
    with served(plant.home, "testplant", "--secure") as line:
        status, said = visitor.types("browse", line.opcua, "--seconds", "0", "--secrets", str(secrets))
        assert status == 3 and "not valid now" in said and "'testbed certs renew'" in said
        assert "'testbed certs renew'" in line.says("old client was refused")


@pytest.mark.needs("node")
def test_a_server_whose_certificate_has_expired_is_not_entered_although_it_is_trusted(visitor, tmp_path):
    process = subprocess.Popen(["node", str(SECURED), "server", str(tmp_path / "foreign"), "0", "expired"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        told = json.loads(next(line for line in process.stdout if line.startswith("{")))
        visitor.types("certs", "init")
        assert visitor.types("certs", "trust", told["certificate"])[0] == 0
        status, said = visitor.types("browse", f"opc.tcp://127.0.0.1:{told['port']}", "--seconds", "0", **ME)
        assert status == 3 and "expired on" in said and "makes a new one" in said
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_beyond_loopback_a_plant_is_served_with_certificates_and_users_only(visitor):
    status, said = visitor.types("serve", "testplant", "--host", "0.0.0.0")  # noqa: S104
    assert status == 2
    assert "'testbed certs init'" in said and "'testbed users add NAME'" in said and "--insecure" in said
    assert len(said.strip().splitlines()) == 1
    status, said = visitor.types("serve", "testplant", "--host", "nowhere")
    assert status == 2 and "address of this machine" in said
    status, said = visitor.types("serve", "testplant", "--secure", "--insecure")
    assert status == 2 and "exclude each other" in said


def test_insecure_has_to_be_typed_and_is_said_aloud(plant, visitor, tmp_path):
    with served(plant.home, "testplant", "--host", "0.0.0.0", "--insecure") as line:  # noqa: S104
        assert any("NO SECURITY" in said for said in line.lines)
        assert visitor.types("browse", line.opcua, "--seconds", "0", "--out", str(tmp_path / "t.csv"))[0] == 0


def test_a_broker_takes_users_over_tls_and_with_mutual_trusted_certificates_only(plant, visitor, tmp_path):
    visitor.types("certs", "init")
    with served(plant.home, "testplant", "--mutual") as line:
        look = ("browse", f"mqtts://127.0.0.1:{line.mqtt_port}", "--seconds", "2", "--out", str(tmp_path / "t.csv"))
        status, said = visitor.types(*look, **ME)
        kept = FILE.search(said)
        assert status == 3 and "not trusted" in said and kept
        assert "does not trust our certificate" in line.says("MQTT")
        visitor.types("certs", "trust", kept[1])
        status, said = visitor.types(*look, **ME)
        assert status == 3 and "'testbed certs trust FILE'" in said
        assert "'testbed certs trust FILE'" in line.says("not trusted or has expired")
    plant.types("certs", "trust", visitor.certificate)
    with served(plant.home, "testplant", "--mutual") as line:
        look = ("browse", f"mqtts://127.0.0.1:{line.mqtt_port}", *look[2:])
        status, said = visitor.types(*look)
        assert status == 3 and "lets nobody in without a user" in said
        assert "wrong name or password" in line.says("MQTT")
        status, said = visitor.types(*look, **ME)
        assert status == 0, said
        plant.types("users", "add", "lee", new="lee-secret")  # while it runs
        for _ in range(30):  # the broker takes users in at the plant's next look
            status, said = visitor.types(*look, user="lee", password="lee-secret")  # noqa: S106
            if status == 0:
                break
        assert status == 0, said
        assert _published(line, plant, visitor, "kim") == "accepted"
        assert _published(line, plant, visitor, "lee") == "nothing"  # kim may not write as lee


def _published(line, plant: Person, visitor: Person, name: str) -> str:
    """What becomes of kim's set-point under somebody's name, sent by a client of another make."""
    keys = visitor.home / "certs" / "own"
    command = ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(line.mqtt_port), "-u", "kim", "-P", PASSWORD, "-W", "2"]
    command += [
        "--cafile",
        str(plant.home / "certs" / "own" / "certificate.pem"),
        "--cert",
        str(keys / "certificate.pem"),
    ]
    topic = f"TEST/LINE/UNIT/_set/{name}/OFFSET"
    command += ["--key", str(keys / "key.pem"), "-t", topic, "-e", f"{topic}/result", "-m", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return "accepted" if '"accepted": true' in done.stdout else "nothing"


def _node(*words: str) -> list[dict[str, str]]:
    """What the foreign program tells, an object a line; its own chatter goes elsewhere."""
    done = subprocess.run(["node", str(SECURED), *words], capture_output=True, text=True, check=False, timeout=90)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.needs("node")
def test_a_client_of_another_make_comes_in_on_both_policies_once_both_sides_trust(plant, tmp_path):
    home = tmp_path / "foreign"
    (told,) = _node("certificate", str(home))
    right = [f"{security},kim,{PASSWORD}" for security in POLICIES]
    with served(plant.home, "testplant", "--secure") as line:
        (home / "pki" / "trusted" / "certs" / "plant.der").write_bytes(Path(plant.certificate).read_bytes())
        (refused,) = _node("client", str(home), line.opcua, right[0])
        assert "error" in refused
        assert "foreign" in line.says("is not trusted")
        assert plant.types("certs", "trust", told["certificate"])[0] == 0
        wrong, open_, *inside = _node(
            "client", str(home), line.opcua, f"{POLICIES[0]},kim,kim-guesses", f"None,None,kim,{PASSWORD}", *right
        )
        assert "BadUserAccessDenied" in wrong["error"]
        assert "error" in open_
        assert inside == [{"value": 0}] * len(POLICIES)  # the server's state: running


@pytest.mark.needs("node")
def test_a_server_of_another_make_lets_us_in_on_both_policies_once_both_sides_trust(visitor, tmp_path):
    home = tmp_path / "foreign"
    process = subprocess.Popen(["node", str(SECURED), "server", str(home), "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        told = json.loads(next(line for line in process.stdout if line.startswith("{")))
        look = ("browse", f"opc.tcp://127.0.0.1:{told['port']}", "--seconds", "0", "--out", str(tmp_path / "t.csv"))
        visitor.types("certs", "init")
        status, said = visitor.types(*look, **ME)
        kept = FILE.search(said)
        assert status == 3 and kept
        visitor.types("certs", "trust", kept[1])
        status, said = visitor.types(*look, **ME)
        assert status == 3 and visitor.certificate in said
        (ours,) = (home / "pki" / "rejected").glob("*")
        ours.rename(home / "pki" / "trusted" / "certs" / ours.name)  # as its administrator would
        _until_in(visitor, look)
        for security in POLICIES:
            status, said = visitor.types(*look, "--security", security, **ME)
            assert status == 0, said
        assert "nsu=urn:localhost:foreign;s=SPEED" in (tmp_path / "t.csv").read_text()
        status, said = visitor.types(*look, user="kim", password="kim-guesses")  # noqa: S106
        assert status == 3 and "wrong name or password" in said
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def _until_in(visitor: Person, look: tuple[str, ...]) -> None:
    """The foreign server looks at its folders now and then; the test's own limit ends a wait in vain."""
    while visitor.types(*look, **ME)[0] != 0:
        pass


def test_a_certificate_that_ends_within_thirty_days_is_warned_of_where_it_is_used(plant, tmp_path):
    assert plant.types("certs", "renew", "--days", "20")[0] == 0
    with served(plant.home, "testplant", "--secure") as line:
        assert any("Our own certificate ends on" in said and "certs renew" in said for said in line.lines)
    (tmp_path / "tags.csv").write_text("name,address\nL/A,a\n")
    watch = ("watch", "mqtt://127.0.0.1:1", "--tags", str(tmp_path / "tags.csv"), "--record", "none")
    status, said = plant.types(*watch, "--models", "rules")
    assert (status, "Our own certificate ends on" in said) == (3, True), said


def test_nothing_anywhere_accepts_a_stranger_by_itself():
    root = Path(__file__).parents[2]
    words = ("automatically" + "Accept", "CERT_" + "NONE", "tls_insecure" + "_set", "check_hostname" + " = False",
             "_create_unverified" + "_context")  # fmt: skip
    files = [path for kind in ("*.py", "*.js") for path in root.rglob(kind)
             if "node_modules" not in path.parts and ".venv" not in path.parts]  # fmt: skip
    assert len(files) > 100
    found = [f"{path}: {word}" for path in files for word in words if word in path.read_text(encoding="utf-8")]
    assert not found
