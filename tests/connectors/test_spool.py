"""A spool keeps order, ids and every message through restarts, limits, full disks and broken files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import InputError
from connectors.spool import Spool, SpoolFull

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "spool.db"


def numbers(spool, count=10_000):
    return [json.loads(entry.body)["n"] for entry in spool.peek(count)]


def fill(spool, count, start=0):
    return [spool.put("t", {"n": n}) for n in range(start, start + count)]


def test_messages_come_in_order_with_ids_that_go_on_after_a_restart(path):
    with Spool(path) as spool:
        name = spool.name
        assert fill(spool, 3) == [f"{name}-1", f"{name}-2", f"{name}-3"]
        first = spool.peek(1)[0]
        assert json.loads(first.body) == {"id": f"{name}-1", "n": 0}
        spool.done(2)
        assert numbers(spool) == [2] and len(spool) == 1
    with Spool(path) as spool:
        assert (spool.name, numbers(spool), spool.next_id) == (name, [2], 4)
        spool.done(3)
    with Spool(path) as spool:
        assert fill(spool, 1, 3) == [f"{name}-4"]
        assert (spool.counts.put, spool.counts.sent, len(spool)) == (4, 3, 1)


def test_peek_goes_on_after_what_is_under_way(path):
    with Spool(path) as spool:
        fill(spool, 5)
        assert [entry.id for entry in spool.peek(2, after=2)] == [3, 4]
        spool.done(4)
        spool.done(1)
        assert numbers(spool) == [4]


@pytest.mark.parametrize(
    ("overflow", "kept", "counted"),
    [("oldest", range(50, 150), "dropped_oldest"), ("newest", range(100), "dropped_newest")],
)
def test_what_gives_way_is_counted(path, overflow, kept, counted):
    with Spool(path, limit=100, overflow=overflow) as spool:
        told = fill(spool, 150)
        assert numbers(spool) == list(kept)
        assert spool.status()[counted] == 50
        assert told.count(None) == (50 if overflow == "newest" else 0)
        assert spool.counts.sent == 0
    with Spool(path, limit=100, overflow=overflow) as spool:
        assert numbers(spool) == list(kept)
        assert overflow == "newest" or spool.counts.dropped_oldest == 50


def test_a_spool_may_refuse_and_goes_on_when_there_is_room(path):
    with Spool(path, limit=10, overflow="refuse") as spool:
        fill(spool, 10)
        with pytest.raises(SpoolFull, match="10 messages wait"):
            spool.put("t", {"n": 10})
        assert spool.counts.refused == 1
        spool.done(1)
        assert spool.put("t", {"n": 10})
        assert numbers(spool) == list(range(1, 11))


@pytest.mark.parametrize("overflow", ["oldest", "newest"])
def test_a_full_file_is_counted_and_survived(path, overflow):
    with Spool(path, limit_bytes=256 * 1024, overflow=overflow) as spool:
        for n in range(2000):
            spool.put("t", {"n": n, "text": "x" * 400})
        status = spool.status()
        assert status["disk_full"] > 0
        left = numbers(spool)
        assert left == sorted(left) and 100 < len(left) < 700
        assert (left[-1] == 1999) is (overflow == "oldest")
        assert len(left) + status["dropped_oldest"] + status["dropped_newest"] == 2000
        assert path.stat().st_size <= 256 * 1024
        spool.done(spool.peek(10_000)[-1].id)
        assert len(spool) == 0
        assert spool.put("t", {"n": 2000}) is not None


def test_a_full_file_makes_a_refusing_spool_refuse(path):
    with Spool(path, limit_bytes=64 * 1024, overflow="refuse") as spool:
        with pytest.raises(SpoolFull):
            for n in range(1000):
                spool.put("t", {"n": n, "text": "x" * 400})
        assert numbers(spool) == list(range(len(spool))) and spool.counts.refused == 1 and spool.counts.disk_full > 0


FULL_DISK = """
import json, os, sys
from connectors.spool import BALLAST, Spool
path, overflow = sys.argv[1:]
def free():
    room = os.statvfs(os.path.dirname(path))
    return room.f_bavail * room.f_frsize
with Spool(path, overflow=overflow) as spool:
    with open(path + ".other", "wb") as other:  # all but 3 MB are taken by others
        other.write(bytes(free() - 3_000_000))
    told = [spool.put("t", {"n": n, "text": "x" * 400}) for n in range(20_000)]
    waiting = [json.loads(entry.body)["n"] for entry in spool.peek(100_000)]
    status = spool.status()
    while entries := spool.peek(500):
        spool.done(entries[-1].id)
    after = [spool.put("t", {"n": n, "text": "x" * 400}) for n in range(100)]
    os.unlink(path + ".other")
    while entries := spool.peek(500):
        spool.done(entries[-1].id)
    ballast = os.path.getsize(path + ".ballast")
print(json.dumps([told.count(None), waiting, status, after.count(None), ballast == BALLAST, free() > 40_000_000]))
"""


@pytest.mark.needs("own_disk")
@pytest.mark.parametrize("overflow", ["oldest", "newest"])
def test_a_full_disk_is_counted_and_survived(tmp_path, overflow):
    inside = f"mount -t tmpfs -o size=64m tmpfs {tmp_path} && exec {sys.executable} - {tmp_path}/spool.db {overflow}"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside], cwd=ROOT, input=FULL_DISK, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    told, waiting, status, after, has_ballast, is_free = json.loads(done.stdout)
    assert status["disk_full"] > 0
    assert waiting == sorted(waiting) and len(waiting) > 3000
    assert (waiting[-1] == 19_999) is (overflow == "oldest") and (waiting[0] == 0) is (overflow == "newest")
    assert len(waiting) + status["dropped_oldest"] + status["dropped_newest"] == 20_000
    assert told == status["dropped_newest"] and after == 0
    assert has_ballast and is_free


def test_one_process_has_a_spool_at_a_time(path):
    with Spool(path), pytest.raises(InputError, match="Another process"):
        Spool(path).__enter__()


def test_a_broken_file_is_set_aside_and_work_goes_on(path):
    path.parent.mkdir()
    path.write_bytes(b"this is no database, and has been none before" * 200)
    with Spool(path) as spool:
        assert spool.set_aside == path.with_name("spool.db.broken-1") and spool.set_aside.exists()
        fill(spool, 1)
    with Spool(path) as spool:
        assert numbers(spool) == [0] and spool.set_aside is None


def test_overflow_is_one_of_three(path):
    with pytest.raises(InputError, match="Did you mean 'oldest'"):
        Spool(path, overflow="olde")  # pyright: ignore[reportArgumentType]


WRITER = """
import sys
from connectors.spool import Spool
with Spool(sys.argv[1]) as spool:
    while True:
        spool.put("t", {"n": spool.next_id})
        print(spool.next_id - 1, flush=True)
"""


def test_what_was_taken_in_survives_the_death_of_the_process(path):
    told = 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(200):
            told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split(b"\n")[:-1]
        told = int(rest[-1]) if rest else told
        process.wait()
        process.stdout.close()
    with Spool(path) as spool:
        kept = numbers(spool, 1_000_000)
    assert kept == list(range(1, len(kept) + 1))
    assert told <= len(kept) <= told + 3  # one may be in that nobody was told of, each time
