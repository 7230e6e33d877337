"""Lists of pictures, one to fit on and one to test, that no near-duplicate spans: the published figures rest on them.

    python -m testbed.datasets.lists neu-det --out lists     # numbers 1-192 of each class, and 193-240
    python -m testbed.datasets.lists x-sdd --out lists       # seven tenths, and three, no near-duplicate torn apart
    python -m testbed.datasets.lists x-sdd --out lists --changed lists/changed   # the tests turned, brighter, darker

The same files give the same lists on every machine. `--changed` writes each test picture in four quarter turns, each
at another brightness between 0.8 and 1.2 of its own, a folder a class, for `testbed bench --root`.
The last line is one JSON object: how many pictures of each class stand in which list.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from connectors.pictures import encode
from testbed.datasets.near import split, together
from testbed.datasets.pictures import SETS, Picture, load

FIRST_TESTED = 193  # number of neu-det
SHARE = 0.3
BRIGHTNESS = (0.8, 0.9, 1.1, 1.2)  # of the four quarter turns


def parts(name: str, pictures: Sequence[Picture], seed: int) -> tuple[list[Picture], list[Picture]]:
    """What is fitted on and what is tested."""
    if name != "neu-det":
        return split(pictures, together(name, pictures), SHARE, seed)
    numbers = [int(re.findall(r"\d+", Path(picture.path).stem)[-1]) for picture in pictures]
    tested = [picture for picture, n in zip(pictures, numbers, strict=True) if n >= FIRST_TESTED]
    return [p for p in pictures if p not in tested], tested


def changed(pictures: Sequence[Picture], folder: Path) -> list[str]:
    """The pictures turned, brighter and darker; their paths under `folder`."""
    written = []
    for picture in pictures:
        for turn, gain in enumerate(BRIGHTNESS):
            image = np.rint(np.rot90(picture.image(), turn) * np.float32(gain)).clip(0, 255).astype(np.uint8)
            file = folder / picture.label / f"{Path(picture.path).stem}-{turn}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encode(image))
            written.append(file.relative_to(folder).as_posix())
    return written


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=sorted(SETS))
    parser.add_argument("--root", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the lists")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changed", type=Path, help="folder for the test pictures, changed")
    parser.add_argument("--json", action="store_true", help="the last line alone, as always")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    fitted, tested = parts(options.data, load(options.data, options.root), options.seed)
    told = {}
    for name, part in (("train", fitted), ("test", tested)):
        (options.out / f"{options.data}-{name}.txt").write_text("".join(f"{picture.path}\n" for picture in part))
        told[name] = dict(Counter(picture.label for picture in part))
    if options.changed is not None:
        told["changed"] = len(changed(tested, options.changed))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
