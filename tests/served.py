"""A plant served by the command a user has, as a process of its own; and commands typed by somebody else."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.cli import run_cli
from tests.ports import free_port

START_S, LINE_S = 60.0, 20.0


class Served:
    """What the process has said, and where it listens."""

    def __init__(self, process: subprocess.Popen[str], opcua: int, mqtt: int) -> None:
        self.process, self.opcua_port, self.mqtt_port = process, opcua, mqtt
        self.opcua = f"opc.tcp://127.0.0.1:{opcua}"
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))

    def says(self, part: str, within_s: float = LINE_S) -> str:
        """The next line that holds `part`."""
        until = time.monotonic() + within_s
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"'{part}' was not said, but: {self.lines}") from None
            self.lines.append(line)
            if part in line:
                return line


@contextmanager
def served(home: Path, plant: str, *options: str) -> Iterator[Served]:
    """`testbed serve` with this user data directory, until the block ends."""
    opcua, mqtt = free_port(), free_port()
    command = [sys.executable, "-m", "testbed", "serve", plant, "--opcua-port", str(opcua), "--mqtt-port", str(mqtt)]
    env = {**os.environ, "TESTBED_HOME": str(home), "TESTBED_LANG": "en"}
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    )
    it = Served(process, opcua, mqtt)
    try:
        it.says("Ctrl-C stops", START_S)
        yield it
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        it._reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


class Person:
    """Somebody with a user data directory of their own, who types commands."""

    def __init__(self, home: Path, monkeypatch, capsys) -> None:
        self.home, self._monkeypatch, self._capsys = home, monkeypatch, capsys

    def types(self, *words: str, user: str = "", password: str = "", new: str | None = None) -> tuple[int, str]:
        """Exit status and everything that was said."""
        with self._monkeypatch.context() as patch:
            patch.setenv("TESTBED_HOME", str(self.home))
            patch.setenv("TESTBED_LANG", "en")
            patch.setenv("TESTBED_USER", user)
            patch.setenv("TESTBED_PASSWORD", password)
            if new is not None:
                patch.setenv("TESTBED_NEW_PASSWORD", new)
            self._capsys.readouterr()
            status = run_cli(list(words))
        out, err = self._capsys.readouterr()
        return status, out + err

    @property
    def certificate(self) -> str:
        """The path of this person's own."""
        return str(self.home / "certs" / "own" / "certificate.der")
