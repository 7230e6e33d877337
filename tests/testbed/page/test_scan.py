"""A scan of the page's addresses and its websocket: what is hostile is refused as it should be, and serving goes on."""

from __future__ import annotations

import base64
import gc
import hashlib
import hmac
import json
import re
import socket
import threading
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from connectors.users import Users
from testbed.page import patience
from testbed.page.access import TRIES, Access, Bucket
from testbed.page.app import own_files
from testbed.page.door import HEADERS
from testbed.page.orders import ORDERS
from testbed.page.wire import ANSWERS, CLIENTS, CREDITS, LONGEST
from tests.testbed.page.visit import Served, serving

KEY = b"k" * 32  # of the far page's cookies
MAY_TRY = Access.may_try
FILES = [f"/{name}" for name in own_files()]
PLACES = ["/", "/texts.json", "/report/1/en", "/crop/1/1", *FILES]


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    folder = tmp_path_factory.mktemp("near")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(folder / "home"))
        with serving(folder / "runs") as page:
            yield page


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    folder = tmp_path_factory.mktemp("far")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(folder / "home"))
        for name, role in (("otto", "operator"), ("vera", "viewer")):
            Users().add(name, f"password of {name}", role=role)
        access = Access(is_open=False)
        access._key = KEY
        patch.setattr(Access, "may_try", lambda self, address: True)
        with serving(folder / "runs", access) as page:
            yield page


@pytest.fixture(autouse=True)
def still_serving(request):
    """Whatever a test has done, the next visitor is served."""
    yield
    for name in {"near", "far"} & set(request.fixturenames):
        page = request.getfixturevalue(name)
        assert page.ask()[0] == 200
        assert page.ask(path="/app.js")[0] == 200


def raw(page: Served, told: bytes, more: bytes = b"", wait_s: float = 20.0, is_all: bool = False) -> bytes:
    """What comes back for these very bytes until the other side closes, or b"" where it says nothing.

    `is_all` says that nothing more will follow, as a request does that breaks off.
    """
    with socket.create_connection(("127.0.0.1", page.port), wait_s) as own:
        try:
            own.sendall(told)
            own.sendall(more)
            if is_all:
                own.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed before it had heard us out
        came = b""
        try:
            while part := own.recv(65_536):
                came += part
        except OSError:
            pass
        return came


def status(came: bytes) -> int:
    return int(came.split(b" ", 2)[1]) if came.startswith(b"HTTP/1.1 ") else 0


def request(page: Served, line: str, *headers: str, host: str | None = None) -> bytes:
    own = f"127.0.0.1:{page.port}" if host is None else host
    return "\r\n".join([line, f"Host: {own}", "Connection: close", *headers, "", ""]).encode("latin-1")


# -- addresses ---------------------------------------------------------------------------------------------

UP = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%252e%252e%252f", "..%5c", "..\\", "%c0%ae%c0%ae/", "....//", "..;/"]
TARGETS = [
    *(f"/{up * 8}etc/passwd" for up in UP),
    *(f"/views/{up}app.py" for up in UP),
    "//etc/passwd", "/%00", "/app.js%00.html", "/app.js%00", "/app.js/", "/app.js/..", "/./app.js", "/APP.JS",
    "/app.js.map", "/app.py", "/static/app.js", "/__init__.py", "/page.jsonl", "/runs", "/.git/config", "/~root",
    "/CON", "/app.js::$DATA",
    "/report/1/en/", "/report/../1/en", "/report/-1/en", "/report/1e9/en", "/report/%31/en", "/report/0x1/en",
    f"/report/{'9' * 5000}/en", f"/crop/1/{'9' * 5000}", "/crop/1/-1", "/crop/1/0", "/crop/1/%00", "/report/1/en%00",
    "/record/..%2f..%2fetc/report/en/x", f"/record/a/picture/{'9' * 5000}/x", "/record//about.json", "/record/",
    f"/report/1/{'e' * 2000}", "/report/1/ko%0d%0aset-cookie:a=b", "/?" + "a=b&" * 2000, "/" + "a" * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target[:40])
def test_no_address_leads_astray(near, target):
    came = raw(near, request(near, f"GET {target} HTTP/1.1"))
    is_home = target.startswith("/?")
    assert status(came) == (200 if is_home else 404)
    assert b"root:" not in came and b"import " not in came.split(b"\r\n\r\n", 1)[1].replace(b"import {", b"")
    assert b"set-cookie" not in came.lower()


RECORDS = [
    "..", "%2e%2e", "..%2f..", "%252e%252e", "..%5c..", "a%00", ".", "~", "%2fetc%2fpasswd", "C:", "con", "a" * 5000,
]  # fmt: skip
ASKED = [
    "about.json", "rows?columns=0&from=0&to=1&n=10", "rows", f"rows?columns={'9' * 5000}&from=nan&to=inf&n=-1",
    f"picture/{'9' * 5000}", "picture/1", "report/en", "report/..", "export/csv",
    "export/../../x", "export/parquet?from=nan",
]  # fmt: skip


@pytest.mark.parametrize("name", RECORDS, ids=lambda name: name[:20])
def test_no_record_is_reached_by_a_name_that_is_none(near, name, monkeypatch):
    monkeypatch.setattr(Bucket, "take", lambda self: True)
    for asked in ASKED:
        came = raw(near, request(near, f"GET /record/{name}/{asked} HTTP/1.1"))
        assert status(came) in (404, 422), asked
        assert b"root:" not in came and b"Traceback" not in came


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X"])
def test_no_other_method_is_allowed(near, method):
    for place in PLACES:
        own = f"Origin: {near.address}"
        assert status(raw(near, request(near, f"{method} {place} HTTP/1.1", own))) == 405
    assert status(raw(near, request(near, "GET /login HTTP/1.1"))) == 405
    assert status(raw(near, request(near, "GET /live HTTP/1.1"))) == 404


BROKEN = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "binary": (bytes(range(256)) * 4, 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, 400),
    "head without end": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"a" * 200_000, 400),
    "a thousand headers": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"A: b\r\n" * 1_000 + b"\r\n", 431),
    "null in a header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\x00\r\n\r\n", 400),
    "folded header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n evil.example\r\n\r\n", 400),
    "two lengths": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400
    ),
    "length and chunks": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /", 403
    ),
    "no such chunk": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_request_is_refused(near, name):
    told, wanted = BROKEN[name]
    assert status(raw(near, told, is_all=True)) in (wanted, 0)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[", "", "a b"])
def test_a_foreign_host_or_origin_is_refused_with_the_headers_of_every_answer(near, host):
    came = raw(near, request(near, "GET / HTTP/1.1", host=host))
    assert status(came) == 400
    foreign = raw(near, request(near, "POST /login HTTP/1.1", "Origin: http://evil.example", "Content-Length: 0"))
    nowhere = raw(near, request(near, "POST /login HTTP/1.1", "Content-Length: 0"))
    assert status(foreign) == status(nowhere) == 403
    assert b"content-security-policy" in foreign and b"nosniff" in foreign


@pytest.mark.parametrize(
    ("method", "place"),
    [*(("GET", place) for place in (*PLACES, "/nowhere")), ("POST", "/"), ("GET", "/login"), ("HEAD", "/")],
)
def test_every_answer_says_what_a_browser_may_do(near, method, place):
    _, headers, _ = near.ask(method, place, Origin=near.address)
    assert HEADERS.items() <= headers.items()
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(headers)


def test_markup_of_the_page_holds_no_script_or_style_of_its_own():
    for name, body in own_files().items():
        text = body.decode("utf-8")
        if name.endswith(".html"):
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=|javascript:|https?://", text), name
        if name.endswith(".js"):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), (
                name
            )


# -- log-in ------------------------------------------------------------------------------------------------


def cookie_of(told: str, key: bytes = KEY, cut: int = 0) -> str:
    def b64(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode()

    signed = hmac.new(key, told.encode(), hashlib.sha256).digest()
    return f"testbed={b64(told.encode())}.{b64(signed[: len(signed) - cut])}"


NEVER = "99999999999"
COOKIES = {
    "expired": cookie_of("otto|1"),
    "other key": cookie_of(f"otto|{NEVER}", b"o" * 32),
    "cut signature": cookie_of(f"otto|{NEVER}", cut=1),
    "no signature": cookie_of(f"otto|{NEVER}", cut=32),
    "nobody": cookie_of(f"nobody|{NEVER}"),
    "no name": cookie_of(f"|{NEVER}"),
    "no time": cookie_of("otto|"),
    "no number": cookie_of("otto|soon"),
    "endless number": cookie_of("otto|" + "9" * 5000),
    "one part": "testbed=" + base64.urlsafe_b64encode(b"otto|1").decode(),
    "three parts": cookie_of(f"otto|{NEVER}") + ".a",
    "no base64": "testbed=%%%.%%%",
    "not ascii": "testbed=\xe9\xe9.\xe9",
    "empty": "testbed=",
    "long": "testbed=" + "A" * 20_000,
    "script": "testbed=<script>alert(1)</script>",
    "json": 'testbed={"name": "otto", "role": "engineer"}',
}


@pytest.mark.parametrize("name", COOKIES)
def test_a_forged_or_expired_cookie_lets_nobody_in(far, name):
    came = raw(far, request(far, "GET / HTTP/1.1", f"Cookie: {COOKIES[name]}"))
    assert status(came) == 200 and b"login.js" in came and b"app.js" not in came
    for place in ("/report/1/en", "/crop/1/1"):
        assert status(raw(far, request(far, f"GET {place} HTTP/1.1", f"Cookie: {COOKIES[name]}"))) == 403
    with pytest.raises(InvalidStatus) as refused:
        far.visit(headers={"Cookie": COOKIES[name].encode("latin-1").decode("ascii", "ignore")})
    assert refused.value.response.status_code == (400 if name == "long" else 403)


def test_a_cookie_that_is_signed_and_lasts_lets_its_user_in_and_no_further_than_their_role(far):
    visit = far.visit(headers={"Cookie": cookie_of(f"vera|{NEVER}")})
    assert visit.read()["hello"]["role"] == "viewer"
    given = {
        "start": {"story": "showcase", "seed": 1, "speed": "max", "ai": True}, "hold": {"held": True}, "reset": {},
        "speed": {"speed": "max"}, "acknowledge": {"ids": [1]}, "put_back": {"id": 1}, "forward": {"to": 1},
        "shelve": {"id": 1, "minutes": 1, "reason": "a", "by": "b"},
        "out_of_service": {"id": 1, "reason": "a", "by": "b"},
        "inject": {"kind": "sticker", "where": "", "severity": "", "params": {}},
    }  # fmt: skip
    assert {do: "it takes the role" in visit.order(do, **given[do]) for do in given} == dict.fromkeys(given, True)
    visit.socket.close()
    assert set(ORDERS) - set(given) == set()


FORMS = {
    "wrong": ("name=otto&password=wrong", 403),
    "nothing": ("", 403),
    "no password": ("name=otto", 403),
    "twice": ("name=vera&name=otto&password=wrong", 403),
    "query": ("name=otto'--&password=' or 1=1 --", 403),
    "null": ("name=otto%00&password=password+of+otto%00", 403),
    "path": ("name=../users&password=a", 403),
    "json": ('{"name": "otto", "password": {"$ne": ""}}', 403),
    "not utf-8": ("name=%ff%fe&password=%ff", 403),
    "large": ("name=otto&password=" + "a" * 2_000, 413),
    "huge": ("a" * 3_000_000, 413),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_log_in_that_is_none_is_refused(far, name):
    body, wanted = FORMS[name]
    head = request(far, "POST /login HTTP/1.1", f"Origin: {far.address}", f"Content-Length: {len(body)}")
    assert status(raw(far, head, body.encode())) in ((wanted, 0) if name == "huge" else (wanted,))


def test_a_log_in_in_pieces_without_a_length_is_held_to_the_same_size(far):
    head = request(far, "POST /login HTTP/1.1", f"Origin: {far.address}", "Transfer-Encoding: chunked")
    assert (
        status(raw(far, head, b"400\r\n" + b"a" * 0x400 + b"\r\n" + b"400\r\n" + b"a" * 0x400 + b"\r\n0\r\n\r\n"))
        == 413
    )


def test_passwords_are_not_tried_for_long(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path))
    monkeypatch.setattr(Access, "may_try", MAY_TRY)
    Users().add("otto", "password of otto", role="operator")
    with serving(tmp_path / "runs", Access(is_open=False)) as page:
        tried = [page.ask("POST", "/login", "name=otto&password=a", Origin=page.address)[0] for _ in range(TRIES + 2)]
    assert tried == [403] * TRIES + [429] * 2


# -- websocket ---------------------------------------------------------------------------------------------


def ended(page: Served, *messages: str | bytes, headers: dict[str, str] | None = None) -> int:
    """The code with which the page ends a connection after these messages; 1006 without a word, 0 where it goes on."""
    address = f"ws://127.0.0.1:{page.port}/live"
    with connect(address, origin=page.address, additional_headers=headers, max_size=2**24, compression=None) as own:
        own.recv()
        try:
            for message in messages:
                own.send(message)
            own.send(json.dumps({"do": "reset", "n": 7, "lang": "en"}))
            while True:
                data = own.recv(timeout=60)
                if b'"n":7' in data:
                    return 0
                own.send('{"do": "drawn"}')  # or a second change of state would use up its credits
        except ConnectionClosed as error:
            return 1006 if error.rcvd is None else error.rcvd.code


NOT_MESSAGES = {
    "bytes": (b"\x00\x01\x02",),
    "empty bytes": (b"",),
    "json as bytes": (b'{"do": "reset", "n": 1}',),
    "no json": ("nix",),
    "empty": ("",),
    "list": ('[{"do": "reset"}]',),
    "number": ("1e999",),
    "deep": ("[" * 4_000,),
    "deep objects": ('{"do":' * 1_200,),
    "surrogate": ('{"do": "\\ud800"}',),
}


@pytest.mark.parametrize("name", NOT_MESSAGES)
def test_what_is_no_message_ends_the_connection(near, name):
    assert ended(near, *NOT_MESSAGES[name]) == 1008


@pytest.mark.parametrize("size", [LONGEST + 1, 10_000_000])
def test_a_message_that_is_too_long_ends_the_connection(near, size):
    wanted = (1009,) if size == LONGEST + 1 else (1009, 1006)  # its word may be lost while we still speak
    assert ended(near, json.dumps({"do": "reset", "more": "a" * size})) in wanted


ODD = [
    {}, {"do": None}, {"do": []}, {"do": {}}, {"do": "nix"}, {"do": "reset; rm -rf /"}, {"do": "__class__"},
    {"do": "drawn", "n": "a"}, {"do": "reset", "n": 10**40}, {"do": "reset", "lang": ["ko"]},
    {"do": "reset", "lang": "../en"},
    {"do": "watch"}, {"do": "watch", "run": 0, "columns": [1e300, -1, True, None, "0", [], 10**30], "watch": "x"},
    {"do": "watch", "run": 0, "columns": list(range(1500)), "watch": 1, "picture": "yes", "waves": []},
    {"do": "start", "story": "/etc/passwd", "seed": 1, "speed": "max", "ai": True},
    {"do": "start", "story": "../scenarios/showcase.py", "seed": 1, "speed": "max", "ai": True},
    {"do": "start", "story": "showcase", "seed": -1, "speed": "max", "ai": True},
    {"do": "start", "story": "showcase", "seed": 1, "speed": "nan", "ai": True},
    {"do": "start", "story": "showcase", "seed": 1, "speed": "-5", "ai": True},
    {"do": "start", "story": "showcase", "seed": 1, "speed": "1e999", "ai": True},
    {"do": "start", "story": "showcase", "seed": 1, "speed": "max", "ai": True, "begin": -1},
    {"do": "start", "story": "showcase", "seed": 1, "speed": "max", "ai": True, "over": "mqtt"},
    {"do": "speed", "speed": "0"}, {"do": "speed", "speed": "\u0000"}, {"do": "hold", "held": 1},
    {"do": "hold", "held": True},
    {"do": "forward", "to": "now"}, {"do": "forward", "to": None}, {"do": "forward", "to": -1},
    {"do": "acknowledge", "ids": [10**30]}, {"do": "acknowledge", "ids": [True]},
    {"do": "acknowledge", "ids": {"a": 1}},
    {"do": "shelve", "id": 1, "minutes": 1e308, "reason": "a", "by": "b"}, {"do": "put_back", "id": 1.5},
    {"do": "out_of_service", "id": 1, "reason": "", "by": "b"},
    {"do": "shelve", "id": "1", "minutes": 1, "reason": "a"},
    {"do": "inject", "kind": "sticker", "where": "", "severity": "worst", "params": {}},
    {"do": "inject", "kind": "sticker", "where": "x" * 201, "severity": "", "params": {}},
    {"do": "inject", "kind": "sticker", "where": "", "severity": "", "params": {"a": {"b": 1}}},
]  # fmt: skip


@pytest.mark.parametrize("order", ODD, ids=lambda order: json.dumps(order)[:60])
def test_an_order_that_does_not_fit_is_answered_in_a_sentence_and_nothing_starts(near, order):
    assert ended(near, json.dumps(order)) == 0
    assert near.stage.show is None


def test_an_order_that_upsets_the_plant_is_answered_and_the_page_goes_on(near):
    visit = near.visit()
    visit.read()
    assert visit.order("start", story="caster-sticker", seed=1, speed="1e-300", ai=True) == ""
    visit.until(lambda told: told["state"]["phase"] == "running")
    for value in (1e12, -1e12, 0.0):
        assert isinstance(
            visit.order("inject", kind="sticker", where="", severity="", params={"rise": value, "ratio": value}), str
        )
    assert "knows no fault" in visit.order("inject", kind="<script>", where="", severity="", params={})
    show = near.stage.show
    assert visit.order("reset") == ""
    visit.until(lambda told: told["state"]["phase"] == "idle")
    visit.socket.close()
    assert show is not None and show.ended.wait(60)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "file://", "http://127.0.0.1", "https://127.0.0.1"]
)
def test_a_websocket_from_elsewhere_is_refused(near, origin):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{near.port}/live", origin=origin or None)
    assert refused.value.response.status_code == 403


def test_a_torrent_of_messages_ends_the_connection(near):
    assert ended(near, *['{"do": "drawn"}'] * 1_000) == 1008


def test_one_page_may_not_hold_all_places_for_more_than_there_are(near):
    visits = [near.visit() for _ in range(CLIENTS)]
    try:
        with pytest.raises(InvalidStatus) as refused:
            near.visit()
        assert refused.value.response.status_code == 403
    finally:
        for visit in visits:
            visit.socket.close()


def test_a_page_that_never_draws_is_sent_two_frames_and_is_let_go_when_its_answers_pile_up(near, monkeypatch):
    monkeypatch.setattr(Bucket, "take", lambda self: True)
    visit = near.visit()
    visit.read()
    with suppress(ConnectionClosed):  # it may be let go before it has said all
        for n in range(3 * ANSWERS):
            visit.socket.send(json.dumps({"do": "nix", "n": n, "lang": "en"}))
    frames = 0
    with pytest.raises(ConnectionClosed):
        while True:
            visit.socket.recv(timeout=60)
            frames += 1
    assert frames <= CREDITS


# -- those who are slow ------------------------------------------------------------------------------------


def test_a_head_that_never_ends_is_not_waited_for(near, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_S", 0.3)
    slow = [socket.create_connection(("127.0.0.1", near.port), 30) for _ in range(20)]
    try:
        for i, one in enumerate(slow):
            one.sendall(b"" if i % 2 else b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: ")
        assert near.ask()[0] == 200  # meanwhile others are served
        assert all(not _rest(one) for one in slow)
        kept = socket.create_connection(("127.0.0.1", near.port), 30)
        kept.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{near.port}\r\n\r\n".encode())
        assert kept.recv(10).startswith(b"HTTP/1.1 2")
        kept.sendall(b"GET /app.js HT")  # a second request on the same connection
        _rest(kept)
        kept.close()
    finally:
        for one in slow:
            one.close()


def _rest(one: socket.socket) -> bytes:
    """Everything until the other side closes."""
    came = b""
    try:
        while part := one.recv(65_536):
            came += part
    except ConnectionError:
        pass
    return came


def test_a_log_in_that_is_never_finished_is_not_waited_for(far, monkeypatch):
    monkeypatch.setattr("testbed.page.app.FORM_S", 0.3)
    with socket.create_connection(("127.0.0.1", far.port), 30) as own:
        own.sendall(request(far, "POST /login HTTP/1.1", f"Origin: {far.address}", "Content-Length: 100") + b"name")
        assert status(_rest(own)) == 408


# -- nothing grows -----------------------------------------------------------------------------------------


def test_nothing_is_left_in_memory_of_those_who_were_refused(far):
    def hostile() -> None:
        for target in TARGETS[:40]:
            raw(far, request(far, f"GET {target} HTTP/1.1"))
        for told, _ in BROKEN.values():
            raw(far, told, is_all=True)
        for cookie in list(COOKIES.values())[:8]:
            raw(far, request(far, "GET / HTTP/1.1", f"Cookie: {cookie}"))
        known = {"Cookie": cookie_of(f"otto|{NEVER}")}
        for messages in NOT_MESSAGES.values():
            ended(far, *messages, headers=known)
        for order in ODD[:10]:
            ended(far, json.dumps(order), headers=known)

    def living() -> tuple[int, int]:
        gc.collect()
        return len(gc.get_objects()), threading.active_count()

    hostile()
    hostile()
    objects, threads = living()
    for _ in range(3):
        hostile()
    after, threads_after = living()
    assert after - objects < 1_000  # of some 250 who were refused; one connection that stays is a hundred objects
    assert threads_after <= threads + 2
