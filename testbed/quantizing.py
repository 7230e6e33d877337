"""A picture model in 8 bits, its ranges from pictures of a set: a quarter of the size, and faster.

On how many of these pictures both decide the same (class, alarm or not, classes of the boxes that count) stands in the
card; below 99 % the file is refused, unless --least says that less will do.

    python -m testbed.quantizing neu-det.onnx --data neu-det --train lists/neu-det-train.txt --out neu-det-int8.onnx

Give pictures that it was fitted on, not those it will be scored on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import onnx
from onnx import helper

from connectors.errors import InputError
from connectors.texts import say
from edge.model import OnnxModel
from edge.picture import as_input
from edge.session import CARD_KEY, read_model
from testbed.benching.judge import Judge
from testbed.datasets.pictures import Picture, load
from testbed.train import writable, write_model
from vision.quantize import int8

PICTURES = 72  # spread over the list
LEAST = 0.99  # share of the pictures on which both must decide the same


def quantized(file: Path, data: str, root: Path | None, lists: list[Path], least: float = LEAST) -> bytes:
    """The model in `file` in 8 bits.

    Raises InputError if it is none, the set does not fit, or it decides the same as before on less than `least` of it.
    """
    held = read_model(file)
    model = OnnxModel(held, file.name)
    entry = model.card.raw["inputs"][0]
    pictures = load(data, root, lists)
    chosen = pictures[:: max(1, len(pictures) // PICTURES)]
    made = int8(held, ({entry["name"]: as_input(picture.image(), entry)} for picture in chosen))
    small = OnnxModel(made, file.name)
    same = sum(_decision(model, picture) == _decision(small, picture) for picture in chosen)
    share = round(same / len(chosen), 4)
    if share < least:
        raise InputError(
            say("In 8 bits {name} decides the same on {same} of {n} pictures, less than {least} %. Give more pictures "
                "with --train, or say with --least what will do.",
                name=file.name, same=same, n=len(chosen), least=f"{100 * least:g}")
        )  # fmt: skip
    return _noted(made, {"same_decision": share, "compared": len(chosen), "least": least})


def _decision(model: OnnxModel, picture: Picture) -> str:
    """What a model makes of a picture: its class, an alarm or none, or the classes of boxes that count, in order."""
    judge = Judge("", model)
    judge.look(0, picture.image())
    return " ".join(sorted(judge.said[0].split())) if judge.detects else judge.said[0]


def _noted(data: bytes, told: dict[str, Any]) -> bytes:
    """The same file with more in its card about its 8 bits."""
    made = onnx.load_from_string(data)
    props = {entry.key: entry.value for entry in made.metadata_props}
    card = json.loads(props[CARD_KEY])
    card["quantized"] |= told
    helper.set_model_props(made, {**props, CARD_KEY: json.dumps(card, sort_keys=True)})
    return made.SerializeToString(deterministic=True)


def main() -> int:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--train", type=Path, action="append", default=[], help="list of pictures, relative to root")
    parser.add_argument("--least", type=float, default=LEAST, help="share of pictures both must decide alike on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        writable(options.out)
        made = quantized(options.file, options.data, options.root, options.train, options.least)
        write_model(made, options.out)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
