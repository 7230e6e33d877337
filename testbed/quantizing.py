"""A picture model in 8 bits, its ranges from pictures of a set: a quarter of the size, and faster.

    python -m testbed.quantizing neu-det.onnx --data neu-det --train lists/neu-det-train.txt --out neu-det-int8.onnx

Give pictures that it was fitted on, not those it will be scored on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from connectors.errors import InputError
from edge.model import OnnxModel
from edge.picture import as_input
from edge.session import read_model
from testbed.datasets.pictures import load
from testbed.train import writable, write_model
from vision.quantize import int8

PICTURES = 72  # spread over the list


def quantized(file: Path, data: str, root: Path | None, lists: list[Path]) -> bytes:
    """The model in `file` in 8 bits. Raises InputError if it is none, or the set does not fit."""
    held = read_model(file)
    model = OnnxModel(held, file.name)
    entry = model.card.raw["inputs"][0]
    pictures = load(data, root, lists)
    chosen = pictures[:: max(1, len(pictures) // PICTURES)]
    return int8(held, ({entry["name"]: as_input(picture.image(), entry)} for picture in chosen))


def main() -> int:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--train", type=Path, action="append", default=[], help="list of pictures, relative to root")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        writable(options.out)
        write_model(quantized(options.file, options.data, options.root, options.train), options.out)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
