"""A file is a source like any other: dense batches, marks at its rows' times, and an end."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.checks import check_source
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.items import Batch, Mark
from connectors.status import GOOD, GOOD_NO_DATA
from connectors.tags import Tag
from connectors.times import END, SECOND
from edge.pipeline import Pipeline, Watch

CSV = "time,a,b/c,anomaly\n" + "".join(f"{i},{i},{i if i % 2 else ''},0\n" for i in range(7))
TAGS = (
    Tag(name="L/B", address="b/c", group="slow", rate_hz=0.1),
    Tag(name="L/A", address="a", group="fast"),
    Tag(name="L/A2", address="a", group="slow"),
)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "mill.csv").write_text(CSV)
    return tmp_path / "mill.csv"


async def items_of(source):
    async with source:
        return [item async for item in source]


@pytest.mark.parametrize("tags", [None, TAGS])
@pytest.mark.parametrize("rows", [1, 3, 7, 1000])
async def test_a_file_keeps_to_what_every_source_keeps_to(path, tags, rows):
    assert await check_source(lambda: FileSource(path, tags, rows_per_batch=rows)) == []


def test_without_a_tag_list_each_column_is_a_tag_named_after_the_file(path):
    source = FileSource(path, group="line")
    assert [group.name for group in source.groups] == ["line"]
    assert source.groups[0].tags == (
        Tag(name="mill/a", group="line", address="a", rate_hz=1.0),
        Tag(name="mill/b_c", group="line", address="b/c", rate_hz=0.5),
    )
    assert source.table.dropped == ("anomaly",)


def test_columns_whose_names_become_equal_stay_two_tags(tmp_path):
    (tmp_path / "a.csv").write_text("time,x/y,x_y\n1,2,3\n")
    assert [tag.name for tag in FileSource(tmp_path / "a.csv").groups[0].tags] == ["a/x_y", "a/x_y_"]


def test_a_tag_list_brings_its_own_groups_and_keeps_its_rates(path):
    source = FileSource(path, TAGS)
    assert {g.name: [(t.name, t.rate_hz) for t in g.tags] for g in source.groups} == {
        "slow": [("L/B", 0.1), ("L/A2", 1.0)],
        "fast": [("L/A", 1.0)],
    }


async def test_every_batch_is_followed_by_the_mark_of_its_last_row_and_every_group_ends(path):
    items = await items_of(FileSource(path, TAGS, rows_per_batch=3))
    batches = [item for item in items if isinstance(item, Batch)]
    assert [(b.group, len(b.time)) for b in batches] == [("slow", 3), ("fast", 3)] * 2 + [
        ("slow", 1),
        ("fast", 1),
    ]
    for batch, mark in zip(items[:-2:2], items[1:-2:2], strict=True):
        assert mark.time == batch.time[-1]
        assert mark.group == batch.group
    assert items[-2:] == [Mark("slow", END, 3 + 7), Mark("fast", END, 7)]


async def test_an_empty_cell_is_no_sample(path):
    batch = (await items_of(FileSource(path)))[0]
    assert isinstance(batch, Batch)
    np.testing.assert_array_equal(np.isnan(batch.values[:, 1]), [True, False] * 3 + [True])
    assert batch.status[:2].tolist() == [[GOOD, GOOD_NO_DATA], [GOOD, GOOD]]


async def test_what_was_put_right_and_handed_out_is_counted(tmp_path):
    (tmp_path / "a.csv").write_text("time,x\n1,1\n3,2\n2,3\n3,4\n")
    source = FileSource(tmp_path / "a.csv")
    batch = (await items_of(source))[0]
    assert (source.reordered, source.doubled) == (1, 1)
    assert source.bytes == batch.time.nbytes + batch.values.nbytes + batch.status.nbytes == 3 * (8 + 8 + 4)


async def test_an_edge_receives_every_sample_once_and_none_late(path):
    source = FileSource(path, TAGS, rows_per_batch=2)
    rows: dict[str, list[float]] = {"slow": [], "fast": []}
    watch = Watch(chunk=lambda chunk: rows[chunk.group.name].extend((chunk.time / SECOND).tolist()))
    pipeline = Pipeline(source.groups, [], watch=watch)
    pipeline.feed(await items_of(source))
    assert pipeline.ended()
    assert rows == {"slow": list(range(7)), "fast": list(range(7))}
    counts = pipeline.counts()
    assert [(c.expected, c.received, c.late, c.lost) for c in counts.values()] == [
        (10, 10, 0, 0),
        (7, 7, 0, 0),
    ]


def test_truth_is_kept_apart(path):
    source = FileSource(path, labels=("anomaly",), drop=("a",))
    assert [tag.address for tag in source.groups[0].tags] == ["b/c"]
    assert source.table.labels["anomaly"].tolist() == [0.0] * 7


def test_a_file_that_does_not_fit_is_refused_before_anything_runs(path):
    with pytest.raises(InputError, match=r"mill\.csv:1  column 'd' is not there\. Known: a, anomaly, b/c, time"):
        FileSource(path, [Tag(name="L/d")])
    with pytest.raises(ValueError, match="rows_per_batch must be 1 or more, but got 0"):
        FileSource(path, rows_per_batch=0)
