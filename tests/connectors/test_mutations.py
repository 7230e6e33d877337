"""Whatever comes from outside is refused by name, or read exactly as a reference reads it. `benchmarks/mutations.py`
does the same a million times.
"""

from __future__ import annotations

import pytest

from tests.connectors.mutations import KINDS, reference_message, stated_size, storm
from tests.connectors.test_message import samples

COUNT = 1_500  # of each kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_mutated_payloads_are_refused_by_name_or_read_as_the_reference_reads_them(kind):
    tally = storm(kind, COUNT, 10_020)
    assert tally.payloads == COUNT
    assert tally.decoded > COUNT // 20 and tally.refused > COUNT // 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_whole_is_read(kind):
    from contextlib import ExitStack

    with ExitStack() as stack:
        judge = kind.judging(stack)
        assert all(judge(sample) for sample in kind.samples()[:40])


def test_a_decoder_that_reads_wrongly_is_found(monkeypatch):
    from tests.connectors import mutations

    right = mutations.reference_message
    monkeypatch.setattr(mutations, "reference_message", lambda data: (*right(data)[:1], 10**6, *right(data)[2:]))
    (kind,) = (kind for kind in KINDS if kind.name == "blocks")
    with pytest.raises(AssertionError, match="blocks "):
        storm(kind, 500, 10_020)


def test_the_plain_reading_reads_every_part():
    parts = [part for data in samples() for part in reference_message(data)[5]]
    assert len(parts) == 5 and parts[-1][2] == "코일-0001"


def test_sizes_stand_in_headers():
    import numpy as np

    from connectors.pictures import encode

    assert stated_size(encode(np.zeros((3, 5), np.uint8))) == (3, 5)
