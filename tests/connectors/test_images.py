"""A folder of pictures is a camera."""

from __future__ import annotations

import resource
import struct

import numpy as np
import pytest

from connectors.checks import check_source
from connectors.errors import InputError
from connectors.images import START, ImageFolder, lint_images
from connectors.items import Frame, Mark
from connectors.pictures import cv2, decode, encode
from connectors.times import END, SECOND

GREY = np.full((4, 6), 90, np.uint8)


@pytest.fixture
def folder(tmp_path):
    for i, name in enumerate(("b.png", "a.PNG", "coil 2/c.png", "coil 10/d.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(encode(GREY + np.uint8(i)))
    (tmp_path / "README.md").write_text("no picture, and not called one")
    return tmp_path


async def test_a_folder_keeps_to_what_every_source_keeps_to(folder):
    assert await check_source(lambda: ImageFolder(folder)) == []


async def test_pictures_come_by_name_with_the_files_own_bytes(folder):
    source = ImageFolder(folder, rate_hz=4.0, start=SECOND, camera="L/CAM")
    async with source:
        items = [item async for item in source]
    frames = [item for item in items if isinstance(item, Frame)]
    assert [frame.part_id for frame in frames] == ["a.PNG", "b.png", "coil 10/d.png", "coil 2/c.png"]
    assert [frame.time for frame in frames] == [SECOND + i * SECOND // 4 for i in range(4)]
    assert [frame.data for frame in frames] == [(folder / frame.part_id).read_bytes() for frame in frames]
    assert [frame.image[0, 0] for frame in frames] == [91, 90, 93, 92]
    assert items[1::2] == [Mark("camera", frame.time, i + 1) for i, frame in enumerate(frames)]
    assert items[-1] == Mark("camera", END, 4)
    assert source.bytes == sum(len(frame.data) for frame in frames)
    assert source.groups[0].kind == "frames"
    assert source.groups[0].tags[0].name == "L/CAM"


def test_pictures_begin_when_scenarios_do(folder):
    assert ImageFolder(folder).frame(0).time == START == 1_767_571_200 * SECOND


@pytest.mark.parametrize("data", [b"", b"no picture"])
async def test_a_file_that_is_no_picture_is_named(folder, data):
    (folder / "b.png").write_bytes(data)
    with pytest.raises(InputError, match=r"b\.png  is no picture: \d+ bytes are not an 8-bit picture"):
        async for _ in ImageFolder(folder):
            pass


def test_every_file_that_is_no_picture_is_named_at_once(folder):
    assert lint_images(folder) == []
    for name in ("b.png", "coil 2/e.jpg"):
        (folder / name).write_bytes(b"no picture")
    assert [problem.path for problem in lint_images(folder)] == [
        str(folder / "b.png"),
        str(folder / "coil 2" / "e.jpg"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", "holds no pictures. Files that fit: .png, .jpg, .jpeg, .bmp, .tif, .tiff."),
        ("nowhere", "is no folder."),
    ],
)
def test_a_folder_without_pictures_is_refused(tmp_path, name, expected):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as error:
        ImageFolder(tmp_path / name)
    assert expected in str(error.value)
    assert [str(problem) for problem in lint_images(tmp_path / name)] == [str(error.value)]


def test_a_picture_is_refused_that_states_more_than_it_holds():
    """A header of a hundred bytes must not take gigabytes of memory, nor raise what nobody expects."""
    bmp = bytearray(cv2.imencode(".bmp", GREY)[1].tobytes())
    for height, width in ((20_000, 20_000), (2**31 - 1, 4), (8193, 8192)):
        struct.pack_into("<ii", bmp, 18, width, height)
        with pytest.raises(InputError, match="not an 8-bit picture"):
            decode(bytes(bmp))
    png = bytearray(encode(GREY))
    assert decode(bytes(png) + b"what a camera adds").shape == GREY.shape
    struct.pack_into(">I", png, png.index(b"IDAT") - 4, 0xBA0000F5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="not an 8-bit picture"):
        decode(bytes(png))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
