"""The page on Sparkplug names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = {
    "host": "test_sparkplug_host.py",
    "wire": "test_sparkplug_wire.py",
    "types": "test_sparkplug_types.py",
    "foreign": "test_foreign_sparkplug.py",
}
ROW = re.compile(r"^\| `([\w-]+)` \| `(\w+)::(test_\w+)` \|$", re.MULTILINE)


def test_every_assertion_is_named_once_with_a_test_that_is_there():
    rows = ROW.findall((ROOT / "docs" / "sparkplug.md").read_text("utf-8"))
    texts = {short: (ROOT / "tests" / "connectors" / name).read_text("utf-8") for short, name in FILES.items()}
    assert len(rows) > 150 and len({assertion for assertion, *_ in rows}) == len(rows)
    assert [row for row in rows if f"def {row[2]}(" not in texts[row[1]]] == []
