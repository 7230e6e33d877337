"""What this machine has and lacks, and the command that mends it. No check needs a network."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.clock import now_ns, wall_s
from connectors.errors import TestbedError
from connectors.texts import say, word
from connectors.times import SECOND, text

LEAST_PYTHON = (3, 11)
PARTS = ("numpy", "onnx", "onnxruntime", "asyncua", "paho-mqtt", "polars", "opencv-python-headless", "typer", "rich")
TWINS = {  # of each row at most one distribution may be installed: they overwrite each other's files
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "testbed": ("steel-testbed", "testbed"),
    "paho": ("paho-mqtt", "paho"),
}
PORTS = {4840: "OPC UA", 1883: "MQTT"}
LEAST_DISK_GB = 2.0
LOOK_S = 0.3  # wall seconds the two clocks are compared over
WARN_DAYS = 30  # before its end, a certificate is warned of
DRIFT = 1e-3  # s a s between the wall clock and one that never jumps: NTP slews at 5e-4
EARLIEST = 1_767_225_600 * SECOND  # 2026-01-01: a clock before it was never set


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what.
        state: 'ok', 'note' (something optional is missing or odd) or 'bad' (something needed is).
        text: what was found.
        mend: the command that mends it, if there is one.
    """

    name: str
    state: str
    text: str
    mend: str = ""


def examine() -> list[Finding]:
    """Every check; one that fails in itself is a finding, too."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check()
        except Exception as error:  # a doctor that falls ill says so, and goes on
            name = check.__name__.strip("_")
            found.append(
                Finding(name, "bad", say("could not be looked at: {error}", error=f"{type(error).__name__}: {error}"))
            )
    return found


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU"
    if sys.version_info < LEAST_PYTHON:
        yield Finding("python", "bad", say("{version} is too old; 3.11 or newer is needed", version=version),
                      "uv python install 3.11")  # fmt: skip
    else:
        yield Finding("python", "ok", f"{version}, {where}")


def _parts() -> Iterator[Finding]:
    own = _version("steel-testbed")
    yield Finding("testbed", "ok" if own else "note", own or say("runs from its source, not installed"),
                  "" if own else "pip install -e .")  # fmt: skip
    for name in PARTS:
        version = _version(name)
        if version is None:
            yield Finding(name, "bad", say("is missing"), f"pip install {name}")
        else:
            yield Finding(name, "ok", version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _collisions() -> Iterator[Finding]:
    clash = False
    for twins in TWINS.values():
        there = [name for name in twins if _version(name) is not None]
        if len(there) > 1:
            clash = True
            keep, rest = there[0], " ".join(there[1:])
            yield Finding("packages", "bad", say("{names} overwrite each other", names=", ".join(there)),
                          f"pip uninstall {rest} && pip install --force-reinstall {keep}")  # fmt: skip
    if _version("testbed") is not None and _version("steel-testbed") is None:
        clash = True
        yield Finding("packages", "bad", say("the package 'testbed' of another make is installed"),
                      "pip uninstall testbed && pip install steel-testbed")  # fmt: skip
    if not clash:
        yield Finding("packages", "ok", say("none overwrites another"))


def _providers() -> Iterator[Finding]:
    from edge.model import SHIPPED, load_model

    files = sorted(SHIPPED.glob("*.onnx"))
    used: set[str] = set()
    for path in files:
        try:
            used.update(load_model(path).session.providers)
        except TestbedError as error:
            yield Finding("models", "bad", str(error), "pip install --force-reinstall steel-testbed")
    if files:
        told = say("{n} shipped models load; they run on {providers}", n=len(files), providers=", ".join(sorted(used)))
        yield Finding("models", "ok", told)


def _brokers() -> Iterator[Finding]:
    mosquitto = shutil.which("mosquitto")
    embedded = _version("iotcore")
    if mosquitto:
        yield Finding("broker", "ok", mosquitto)
    elif embedded:
        yield Finding("broker", "note", say("embedded ({version}); persistence and access lists need mosquitto",
                                            version=embedded), _install("mosquitto"))  # fmt: skip
    else:
        yield Finding("broker", "bad", say("neither mosquitto nor the embedded broker is there"), "pip install iotcore")


def _install(program: str) -> str:
    if shutil.which("apt-get"):
        return f"sudo apt-get install {program}"
    return f"brew install {program}" if sys.platform == "darwin" else f"winget install {program}"


def _ports() -> Iterator[Finding]:
    for port, use in PORTS.items():
        with socket.socket() as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                option = "--opcua-port" if port == 4840 else "--mqtt-port"
                yield Finding(f"port {port}", "note", say("is taken ({use}); serve can use another", use=use),
                              f"testbed serve caster {option} {port + 10_000}")  # fmt: skip
            else:
                yield Finding(f"port {port}", "ok", say("is free ({use})", use=use))


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    state = "ok" if free >= LEAST_DISK_GB else "bad"
    told = say("{free} GB free at {folder}", free=f"{free:.1f}", folder=Path.cwd())
    yield Finding("disk", state, told, "" if state == "ok" else say("make room, or give --out another folder"))
    writable = os.access(Path.cwd(), os.W_OK)
    if not writable:
        yield Finding("folder", "note", say("{folder} cannot be written", folder=Path.cwd()),
                      say("give --out a folder of your own"))  # fmt: skip


def _clock() -> Iterator[Finding]:
    """The wall clock beside one that never jumps, and whether somebody keeps it right, as the machine itself says."""
    import threading

    wall, steady = now_ns(), wall_s()
    threading.Event().wait(LOOK_S)
    gone, passed = (now_ns() - wall) / SECOND, wall_s() - steady
    drift = abs(gone - passed) / passed
    if wall < EARLIEST:
        yield Finding(
            "clock", "bad", say("says {now}, which cannot be", now=text(wall)), "sudo timedatectl set-ntp true"
        )
    elif drift > DRIFT + 2e-3:  # 2e-3: what stopping and starting this process may add
        yield Finding("clock", "note", say("jumped or drifts: {s} s in {passed} s", s=f"{gone - passed:+.3f}",
                                           passed=f"{passed:.1f}"), "sudo timedatectl set-ntp true")  # fmt: skip
    else:
        yield Finding("clock", "ok", say("{now}, runs evenly", now=text(wall)[:19] + "Z"))
    synchronised = Path("/run/systemd/timesync/synchronized").exists() or Path("/var/lib/chrony/drift").exists()
    if sys.platform == "linux" and not synchronised:
        told = say("nothing tells that NTP keeps the clock, which lines are compared by")
        yield Finding("clock source", "note", told, "sudo timedatectl set-ntp true")


def _optional() -> Iterator[Finding]:
    torch = _version("torch")
    yield Finding("torch", "ok" if torch else "note", torch or say("is missing; only training of some kinds needs it"),
                  "" if torch else "pip install 'steel-testbed[train]'")  # fmt: skip
    data = os.environ.get("TESTBED_DATA", "data")
    if Path(data).is_dir():
        yield Finding("data", "ok", str(Path(data).absolute()))
    else:
        told = say("no public data sets at '{folder}'; only bench --data needs them", folder=data)
        yield Finding("data", "note", told,
                      say("set TESTBED_DATA to the folder that holds them"))  # fmt: skip
    secret = os.environ.get("TESTBED_PASSWORD")
    if secret:
        yield Finding("secrets", "ok", say("TESTBED_PASSWORD is set"))


def _certificates() -> Iterator[Finding]:
    from connectors.certs import Store, key_is_private

    store = Store()
    if not store.has_own:
        yield Finding("certificate", "note", say("none yet; needed beyond this machine"), "testbed certs init")
        return
    own = store.listed()[0]
    if own.days < 0:
        yield Finding("certificate", "bad", say("expired on {day}", day=own.until), "testbed certs renew")
    elif not key_is_private(store.key_path):
        yield Finding("certificate", "bad", say("others can read its key"), f"chmod 600 {store.key_path}")
    elif own.days < WARN_DAYS:
        yield Finding("certificate", "note", say("ends on {day}", day=own.until), "testbed certs renew")
    else:
        yield Finding("certificate", "ok", say("valid until {day}", day=own.until))
    for held in store.held("trusted"):
        if held.days < WARN_DAYS:
            yield Finding("certificate", "note", say("the trusted one of {name} ends on {day}", name=held.name,
                                                     day=held.until))  # fmt: skip


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _parts, _collisions, _providers, _brokers, _ports, _disk, _clock, _certificates, _optional,
)  # fmt: skip


def doctor(json: bool) -> int:
    """Print every finding; 1 if anything needed is missing or broken."""
    found = examine()
    ill = any(finding.state == "bad" for finding in found)
    if json:
        import json as jsonlib
        from dataclasses import asdict

        print(jsonlib.dumps({"ok": not ill, "findings": [asdict(f) for f in found]}, ensure_ascii=False))
        return int(ill)
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    marks = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "bad": "[red]✗[/]"}
    for finding in found:
        table.add_row(marks[finding.state], word(finding.name), finding.text)
        if finding.mend:
            table.add_row("", "", f"[dim]→ {finding.mend.replace('[', chr(92) + '[')}[/]")
    console = Console()
    console.print(table)
    console.print(say("Something needed is missing or broken.") if ill else say("Everything needed is there."))
    return int(ill)
