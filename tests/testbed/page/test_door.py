"""Who may knock from where, what a message may hold, and what each role may do."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from connectors.errors import InputError
from connectors.home import home
from connectors.users import Users
from testbed.cli import run_cli
from testbed.page.access import TRIES, Access
from testbed.page.orders import ORDERS, read
from testbed.page.wire import LONGEST
from tests.testbed.page.visit import serving


@pytest.fixture
def near(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with serving(tmp_path / "runs") as page:
        yield page


@pytest.fixture
def far(tmp_path, monkeypatch):
    """As beyond loopback: users alone."""
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    for name, role in (("vera", "viewer"), ("otto", "operator"), ("enid", "engineer")):
        Users().add(name, f"password of {name}", role=role)
    with serving(tmp_path / "runs", Access(is_open=False)) as page:
        yield page


def test_a_browser_is_told_to_load_nothing_from_elsewhere(near):
    status, headers, body = near.ask()
    assert status == 200 and b'<script type="module"' in body
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-cache"
    assert near.ask(path="/app.js")[1]["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8700", "10.0.0.1", "127.0.0.1.evil.example", "", "["])
def test_a_foreign_name_is_not_answered(near, host):
    assert near.ask(Host=host)[0] == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_a_foreign_page_gets_no_websocket(near, origin):
    with pytest.raises(InvalidStatus) as refused:
        near.visit(origin=origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/%2e%2e/app.py", "/static/app.js", "/views/../../app.py", "/app.py", "//etc/passwd",
     "/report/1/..%2f..", "/report/-1/en"],
)  # fmt: skip
def test_no_file_is_reached_by_its_path(near, path):
    assert near.ask(path=path)[0] in (400, 404)


@pytest.mark.parametrize("message", ["x" * (LONGEST + 1), "[]", "nix", "1", "{", '{"do":' * 2000])
def test_what_is_no_message_ends_the_connection(near, message):
    visit = near.visit()
    visit.read()
    with pytest.raises(ConnectionClosed):
        visit.socket.send(message)
        while True:
            visit.read()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"do": None},
        {"do": "__init__"},
        {"do": "start", "story": "showcase"},
        {"do": "start", "story": "showcase", "seed": 1, "speed": "max", "ai": 1},
        {"do": "start", "story": "x" * 201, "seed": 1, "speed": "max", "ai": True},
        {"do": "start", "story": "showcase", "seed": True, "speed": "max", "ai": True},
        {"do": "start", "story": "showcase", "seed": 1e400, "speed": "max", "ai": True},
        {"do": "reset", "more": 1},
        {"do": "acknowledge", "ids": ["1"]},
        {"do": "acknowledge", "ids": list(range(201))},
        {"do": "inject", "kind": "sticker", "where": "", "severity": "", "params": {"a": [1]}},
        {"do": "shelve", "id": 1, "minutes": -1, "reason": "a", "by": "b"},
    ],
)
def test_an_order_that_does_not_fit_is_refused_in_a_sentence(told):
    with pytest.raises(InputError):
        read(told)


def test_a_script_is_never_taken_from_a_page(near, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(f"open({str(tmp_path / 'done')!r}, 'w')")
    visit = near.visit()
    visit.read()
    assert "No story is called" in visit.order("start", story=str(script), seed=1, speed="max", ai=True)
    assert not (tmp_path / "done").exists()


def test_too_many_orders_at_once_are_refused(near):
    visit = near.visit()
    visit.read()
    for n in range(1, 101):
        visit.send(do="reset", n=n, lang="en")
    while len(visit.answers) < 100:
        visit.read()
    assert visit.answers[1] == "" and "Too many orders" in visit.answers[100]


def cookie(page, name: str) -> str:
    own = f"http://127.0.0.1:{page.port}"
    status, headers, _ = page.ask("POST", "/login", f"name={name}&password=password+of+{name}", Origin=own)
    assert status == 303
    assert "HttpOnly" in headers["set-cookie"] and "samesite=strict" in headers["set-cookie"].lower()
    return headers["set-cookie"].split(";")[0]


def test_beyond_loopback_nobody_unknown_comes_in(far):
    assert b"password" in far.ask()[2]
    for headers in ({}, {"Cookie": "testbed=bm9ib2R5fDk5OTk5OTk5OTk5.AAAA"}, {"Cookie": "testbed=x"}):
        with pytest.raises(InvalidStatus):
            far.visit(headers=headers)
    own = f"http://127.0.0.1:{far.port}"
    assert far.ask("POST", "/login", "name=otto&password=wrong", Origin=own)[0] == 403
    assert far.ask("POST", "/login", "name=otto&password=password+of+otto", Origin="http://evil.example")[0] == 403
    assert far.ask("POST", "/login", "x" * 5000, Origin=own)[0] == 413


def test_passwords_are_not_tried_for_long():
    access = Access(is_open=False)
    assert [access.may_try("10.0.0.1") for _ in range(TRIES + 1)] == [True] * TRIES + [False]
    assert access.may_try("10.0.0.2")


def test_each_role_may_do_its_own_and_everything_is_written_down(far):
    allowed = {}
    for name in ("vera", "otto", "enid"):
        visit = far.visit(headers={"Cookie": cookie(far, name)})
        assert visit.read()["hello"]["name"] == name
        said = {do: visit.order(do, **args) for do, args in (
            ("reset", {}), ("inject", {"kind": "sticker", "where": "", "severity": "", "params": {}}))}  # fmt: skip
        allowed[name] = [do for do, why in said.items() if "it takes the role" not in why]
    assert allowed == {"vera": [], "otto": ["reset"], "enid": ["reset", "inject"]}
    lines = [json.loads(line) for line in (home() / "page.jsonl").read_text().splitlines()]
    assert [line["who"] for line in lines if line["tag"] == "reset"] == ["vera", "otto", "enid"]
    assert {role for role, _ in ORDERS.values()} == {"operator", "engineer"}


def test_a_user_who_is_taken_away_is_out_at_once(far):
    headers = {"Cookie": cookie(far, "otto")}
    far.visit(headers=headers).socket.close()
    Users().remove("otto")
    with pytest.raises(InvalidStatus):
        far.visit(headers=headers)


def test_beyond_loopback_the_page_is_refused_without_users(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path))
    assert run_cli(["demo", "--host", "0.0.0.0", "--no-browser"]) == 2  # noqa: S104
    assert "testbed users add NAME --role operator" in capsys.readouterr().err
    assert run_cli(["demo", "--host", "here", "--no-browser"]) == 2
