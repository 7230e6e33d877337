"""A folder of pictures as a source: one camera that took them one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from connectors.clock import sleep
from connectors.errors import InputError, Problem
from connectors.items import Frame, Item, Mark
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import END, SECOND, parse

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
START: int = parse("2026-01-05T00:00:00Z")  # pictures carry no time of their own


class ImageFolder:
    """The pictures of a folder and its subfolders, by name. Enter it, iterate it.

    Args:
        path: the folder.
        rate_hz: pictures a second of source time.
        start: ns; time of the first picture.
        camera: name of the tag.

    Attributes:
        groups: one group 'camera' of one tag.
        paths: the files, in order.
        bytes: of pictures handed out so far.

    Raises:
        InputError: for a folder that is not there or has no pictures; on the way, naming a file that is none.
    """

    def __init__(self, path: str | Path, *, rate_hz: float = 1.0, start: int = START, camera: str = "CAMERA") -> None:
        self.folder = Path(path)
        self.paths = pictures(self.folder)
        if not self.paths:
            raise InputError.of([Problem(str(path), _no_pictures())])
        self.tag = Tag(name=camera, rate_hz=rate_hz, group="camera")
        self.groups = (Group("camera", (self.tag,), "frames"),)
        self.start = start
        self.bytes = 0

    async def __aenter__(self) -> ImageFolder:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Item]:
        for i in range(len(self.paths)):
            frame = self.frame(i)
            self.bytes += len(frame.data)
            yield frame
            yield Mark(frame.group, frame.time, i + 1)
            await sleep(0)
        yield Mark("camera", END, len(self.paths))

    def frame(self, i: int) -> Frame:
        """Picture `i`, with the file's own bytes. Raises InputError naming a file that is no picture."""
        file = self.paths[i]
        time = self.start + round(i * SECOND / (self.tag.rate_hz or 1.0))
        try:
            frame = Frame(self.tag, time, file.read_bytes(), part_id=file.relative_to(self.folder).as_posix())
            frame.image  # noqa: B018 - decoded here once, where its name is known, and kept
        except OSError as error:
            raise InputError.of(
                [Problem(str(file), say("cannot be read: {reason}.", reason=error.strerror or error))]
            ) from None
        except InputError as error:
            raise InputError.of([Problem(str(file), say("is no picture: {error}", error=error))]) from None
        return frame


def pictures(folder: Path) -> tuple[Path, ...]:
    """Files in a folder and below that are called pictures, sorted. Raises InputError if it is no folder."""
    if not folder.is_dir():
        raise InputError.of([Problem(str(folder), say("is no folder. Name one that holds pictures."))])
    found = (file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    return tuple(sorted(found, key=lambda file: file.relative_to(folder).as_posix()))


def lint_images(path: str | Path) -> list[Problem]:
    """Every file of a folder that says it is a picture and is none."""
    try:
        source = ImageFolder(path)
    except InputError as error:
        return list(error.problems)
    problems: list[Problem] = []
    for i in range(len(source.paths)):
        try:
            source.frame(i)
        except InputError as error:
            problems.extend(error.problems)
    return problems


def _no_pictures() -> str:
    return say("holds no pictures. Files that fit: {known}.", known=", ".join(SUFFIXES))
