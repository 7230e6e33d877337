"""Outgoing messages on disk until the other side has them: in order, each with an id, whatever is killed meanwhile.

SQLite in WAL mode. What `put` has returned for survives the death of the process; with `sync='full'` it survives the
loss of power, too, at the price of a disk flush a commit. One process has a spool at a time.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any, Literal, NamedTuple, get_args

from connectors.errors import InputError, nearest
from connectors.texts import say

FORMAT = "testbed.spool/1"
Overflow = Literal["oldest", "newest", "refuse"]
OVERFLOWS: tuple[str, ...] = get_args(Overflow)
LIMIT = 1_000_000  # messages
PAGE = 4096  # bytes
LIMIT_BYTES = 1 << 30  # of the file
BALLAST = 8 << 20  # bytes kept beside the spool and given up when the disk is full: room to make room with
FREE = 4 * BALLAST  # bytes of the disk that must be free before ballast is taken up again
ROOM, ROOM_BYTES = 1000, 1 << 20  # given up at once, at most, where there is no room: one by one costs a commit each

_TABLES = """
CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """A message that waits. `id` rises by one from message to message, also over restarts."""

    id: int
    topic: str
    body: bytes


class SpoolFull(Exception):
    """There is no room, and the spool was told to refuse rather than to give anything up."""


@dataclass(slots=True)
class Counts:
    """What became of messages, since the spool was made; kept with it.

    Attributes:
        put: taken in; sent: gone to the other side.
        dropped_oldest, dropped_newest: given up for want of room; refused: not taken in, and the caller was told.
        disk_full: how often the disk, not the limit, was what was full.
    """

    put: int = 0
    sent: int = 0
    dropped_oldest: int = 0
    dropped_newest: int = 0
    refused: int = 0
    disk_full: int = 0


class Spool:
    """A bounded queue on disk. Enter it, `put` bodies, `peek` at the oldest, say which are `done`.

    Attributes:
        name: of this spool, drawn when it is made; `<name>-<id>` is a message's id everywhere.
        counts: what became of messages.
        set_aside: where a spool that could not be read was moved to, or None.

    Args:
        path: its file.
        limit, limit_bytes: messages, and bytes of its file, that it may hold.
        overflow: what gives way when it is full: the 'oldest' messages, the 'newest', or 'refuse' to the caller.
        sync: 'normal' or 'full', see the module.

    Raises InputError if the file cannot be opened or another process has it.
    """

    def __init__(
        self,
        path: str | Path,
        limit: int = LIMIT,
        limit_bytes: int = LIMIT_BYTES,
        overflow: Overflow = "oldest",
        sync: Literal["normal", "full"] = "normal",
    ) -> None:
        if overflow not in OVERFLOWS:
            raise InputError(say("A spool's overflow cannot be '{got}'.", got=overflow) + nearest(overflow, OVERFLOWS))
        self.path = Path(path)
        self.counts = Counts()
        self.set_aside: Path | None = None
        self.name = ""
        self._limit, self._pages = limit, max(16, limit_bytes // PAGE)
        self._overflow, self._sync = overflow, sync
        self._db: sqlite3.Connection | None = None
        self._ballast = self.path.with_name(f"{self.path.name}.ballast")
        self._waiting = 0
        self._next = 1
        self._done = 0  # ids up to here are sent, also where the disk was too full to say so

    def __enter__(self) -> Spool:
        try:
            self._open()
        except sqlite3.OperationalError as error:
            self.close()
            raise self._cannot_open(error) from None
        except sqlite3.DatabaseError:
            self.close()
            self._move_aside()
            self._open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Messages that wait."""
        return self._waiting

    @property
    def next_id(self) -> int:
        """The id that the next message gets."""
        return self._next

    def put(self, topic: str, body: Mapping[str, Any]) -> str | None:
        """Take in one message and return its id, `<name>-<n>`; None when it had to be given up.

        The id is added to the body. Raises SpoolFull if there is no room and the spool refuses.
        """
        return self.put_many([(topic, body)])[0]

    def put_many(self, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str | None]:
        """The same for several messages in one commit: all of them are in, or none."""
        count = len(messages)
        if self._waiting + count > self._limit and not self._make_room(count):
            return [None] * count
        for make_room in (self._shrink, lambda: self._make_room(count), None):
            try:
                return self._insert(messages)
            except sqlite3.OperationalError as error:
                self._undo(error)
            if make_room is None:  # the disk is full of other things
                self.counts.dropped_newest += count
            elif not make_room():
                break
        return [None] * count

    def peek(self, count: int, after: int = 0) -> list[Entry]:
        """The oldest messages that are not done, at most `count`, in order; only those with an id above `after`."""
        rows = self._database.execute(
            "SELECT id, topic, body FROM message WHERE id > ? ORDER BY id LIMIT ?", (max(after, self._done), count)
        )
        return [Entry(*row) for row in rows]

    def done(self, last_id: int) -> None:
        """All messages up to this id are with the other side."""
        if last_id <= self._done:
            return
        (gone,) = self._database.execute(
            "SELECT COUNT(*) FROM message WHERE id > ? AND id <= ?", (self._done, last_id)
        ).fetchone()
        self._done = last_id
        self._waiting -= gone
        self.counts.sent += gone
        try:
            with self._database:
                self._database.execute("DELETE FROM message WHERE id <= ?", (last_id,))
                self._keep_counts()
            if not self._ballast.exists():
                self._load_ballast()
        except sqlite3.OperationalError as error:  # deleting needs room, too; it is done with the next one
            self._undo(error)

    def status(self) -> dict[str, Any]:
        """How it is, as JSON values."""
        return {"waiting": self._waiting, "limit": self._limit, "overflow": self._overflow, **asdict(self.counts)}

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def _database(self) -> sqlite3.Connection:
        if self._db is None:
            raise RuntimeError("A spool is entered before it is used.")
        return self._db

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = self._db = sqlite3.connect(self.path, timeout=0.0)
        for pragma in (
            f"page_size={PAGE}",
            "locking_mode=EXCLUSIVE",  # one process, and no shared-memory file
            "journal_mode=WAL",
            f"synchronous={self._sync}",
            "temp_store=MEMORY",
        ):
            db.execute(f"PRAGMA {pragma}").fetchall()
        with db:
            db.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            about = dict(db.execute("SELECT key, value FROM about"))
            self.name = about.get("name") or secrets.token_hex(4)
            self.counts = Counts(**json.loads(about.get("counts", "{}")))
            db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", [("name", self.name), ("format", FORMAT)])
        (self._waiting,) = db.execute("SELECT COUNT(*) FROM message").fetchone()
        found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        self._next = 1 + (found[0] if found else 0)
        self._done = 0
        self._load_ballast()
        self.counts.put = self._next - 1
        self.counts.sent = self.counts.put - self._waiting - self.counts.dropped_oldest

    def _insert(self, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str | None]:
        rows = []
        ids: list[str | None] = []
        for at, (topic, body) in enumerate(messages, self._next):
            ids.append(f"{self.name}-{at}")
            text = json.dumps({"id": ids[-1], **body}, ensure_ascii=False, separators=(",", ":"))
            rows.append((at, topic, text.encode()))
        with self._database:
            self._database.executemany("INSERT INTO message VALUES (?, ?, ?)", rows)
        self._next += len(rows)
        self._waiting += len(rows)
        self.counts.put += len(rows)
        return ids

    def _make_room(self, count: int) -> bool:
        """Give way as the overflow says; whether it is worth a try now. Raises SpoolFull if it refuses."""
        if self._overflow == "refuse":
            self.counts.refused += count
            raise SpoolFull(say("The spool {path} is full: {n} messages wait.", path=self.path, n=self._waiting))
        if self._overflow == "newest":
            self.counts.dropped_newest += count
            return False
        most = max(count, min(ROOM, self._limit // 100))
        ids, size = [], 0
        for one, length in self._database.execute("SELECT id, LENGTH(body) FROM message ORDER BY id LIMIT ?", (most,)):
            if size > ROOM_BYTES and len(ids) >= count:
                break
            ids.append(one)
            size += length
        if not ids:
            return True
        unsent = sum(one > self._done for one in ids)
        self.counts.dropped_oldest += unsent
        self._waiting -= unsent
        try:
            with self._database:
                self._database.execute("DELETE FROM message WHERE id <= ?", (ids[-1],))
                self._keep_counts()
        except sqlite3.OperationalError as error:  # nothing is given up; the attempt to insert tells
            self._undo(error)
            self.counts.dropped_oldest -= unsent
            self._waiting += unsent
        return True

    def _shrink(self) -> bool:
        """Where the disk is full: give up the ballast, and grow by a quarter of it at most until it is back."""
        if not self._ballast.exists():
            return True
        self._ballast.unlink()
        try:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            self._undo(error)
        (pages,) = self._database.execute("PRAGMA page_count").fetchone()
        most = min(self._pages, pages + BALLAST // 4 // PAGE)
        self._database.execute(f"PRAGMA max_page_count={most}").fetchall()
        return True

    def _load_ballast(self) -> None:
        """Take up ballast, and the right to grow, where there is room enough for everyone."""
        with suppress(OSError):
            if not self._ballast.exists() and disk_usage(self.path.parent).free > FREE:
                self._ballast.write_bytes(bytes(BALLAST))
        if self._ballast.exists():
            self._database.execute(f"PRAGMA max_page_count={self._pages}").fetchall()

    def _undo(self, error: sqlite3.OperationalError) -> None:
        """Count a disk that takes no more; raise any other error."""
        if error.sqlite_errorcode & 0xFF not in (
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
        ):
            raise error
        self.counts.disk_full += 1
        if self._database.in_transaction:
            self._database.rollback()

    def _keep_counts(self) -> None:
        self._database.execute("INSERT OR REPLACE INTO about VALUES ('counts', ?)", (json.dumps(asdict(self.counts)),))

    def _move_aside(self) -> None:
        """A file that is no spool keeps its bytes under another name."""
        for n in range(1, 1000):
            aside = self.path.with_name(f"{self.path.name}.broken-{n}")
            if not aside.exists():
                self.path.rename(aside)
                self.set_aside = aside
                break
        for ending in ("-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def _cannot_open(self, error: sqlite3.OperationalError) -> InputError:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return InputError(say("Another process has the spool {path}. Name another file.", path=self.path))
        return InputError(say("The spool {path} cannot be opened: {reason}.", path=self.path, reason=error))
