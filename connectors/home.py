"""The user data directory: added models, certificates, users and the audit trail."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600


def home() -> Path:
    """TESTBED_HOME, or where this system keeps a user's data. It need not exist yet."""
    import platformdirs

    return Path(os.environ.get("TESTBED_HOME") or platformdirs.user_data_dir("testbed", appauthor=False))


def write_private(path: Path, data: bytes) -> None:
    """Write a file that its owner alone can read, whole or not at all. Makes the folders above it, mode 700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(data)
    beside.replace(path)
