"""What every test is held to: nothing skipped unseen, no task, thread or process left behind."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
SKIPS = HERE / "skips.txt"  # lines `nodeid  # reason`: may be skipped although TESTBED_NO_SKIP is set
GRACE_S = 5.0  # wall time a task or thread that is on its way out may take

settings.register_profile("testbed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("testbed")
os.environ["TESTBED_LANG"] = "en"  # whatever this machine's locale speaks
if "TESTBED_HOME" not in os.environ:  # no test reads or writes what the user keeps
    os.environ["TESTBED_HOME"] = tempfile.mkdtemp(prefix="testbed-home-")
    atexit.register(shutil.rmtree, os.environ["TESTBED_HOME"], ignore_errors=True)

# -- what a test may need ----------------------------------------------------------------------------------

NEEDS = {
    "mosquitto": lambda: None if shutil.which("mosquitto") else "mosquitto is not on PATH",
    "mosquitto_sub": lambda: None if shutil.which("mosquitto_sub") else "mosquitto_sub is not on PATH",
    "node": lambda: _node(),
    "own_disk": lambda: _own_disk(),
    "chromium": lambda: None if shutil.which("chromium") else "chromium is not on PATH",
}


def _own_disk() -> str | None:
    """A small disk of a test's own: a tmpfs in a mount namespace."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") and subprocess.run(command, capture_output=True).returncode == 0:
        return None
    return "own disks need unshare with user namespaces"


def _node() -> str | None:
    if shutil.which("node") is None:
        return "node is not on PATH"
    if not (HERE / "node" / "node_modules").is_dir():
        return "the npm packages are missing; run `npm ci --prefix tests/node`"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            reason = NEEDS[name]()
            if reason is not None:
                pytest.skip(reason)


# -- a skip is seen ----------------------------------------------------------------------------------------


def allowed_skips(text: str) -> set[str]:
    """Node ids of skips.txt; everything after '  #' is the reason."""
    lines = (line.split("  #")[0].strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("#")}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): skipped when a program this test needs is missing")
    config.stash[_SKIPPED] = []


_SKIPPED: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        item.config.stash[_SKIPPED].append(report.nodeid)
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _collected_skips.append(report.nodeid)


_collected_skips: list[str] = []  # whole files that were skipped while they were collected


def _unlisted(config: pytest.Config) -> list[str]:
    if not os.environ.get("TESTBED_NO_SKIP"):
        return []
    allowed = allowed_skips(SKIPS.read_text(encoding="utf-8")) if SKIPS.exists() else set()
    return sorted({*config.stash[_SKIPPED], *_collected_skips} - allowed)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A process of `pytest -n` has ended: what it skipped counts here."""
    node.config.stash[_SKIPPED] += getattr(node, "workeroutput", {}).get("skipped", [])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["skipped"] = [*session.config.stash[_SKIPPED], *_collected_skips]
        return
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and _unlisted(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    unlisted = _unlisted(terminalreporter.config)
    if unlisted:
        terminalreporter.section("skipped although TESTBED_NO_SKIP is set")
        for nodeid in unlisted:
            terminalreporter.line(f"{nodeid} is not listed in {SKIPS.name}")


# -- nothing is left behind --------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Every task a test starts has ended when the test has."""
    before = asyncio.all_tasks()
    yield
    loop = asyncio.get_running_loop()
    until = loop.time() + GRACE_S
    mine = {asyncio.current_task(), *before}
    while (left := asyncio.all_tasks() - mine) and loop.time() < until:
        await asyncio.sleep(0.01)
    assert not left, f"asyncio tasks left: {sorted(str(task.get_coro()) for task in left)}"


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Every thread a test starts has ended when the test has; the event loop's own pool does not count."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("asyncio_"):
            thread.join(GRACE_S)
            assert not thread.is_alive(), f"thread left: {thread.name}"


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """Every process a test starts has ended when the test has."""
    before = _children()
    yield
    left = _children() - before
    assert not left, f"processes left: {sorted(left)}"


def _children() -> set[int]:
    """Ids of this process's living children, where the system tells."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread that ended meanwhile
            found.update(int(pid) for pid in path.read_text().split())
    return found
