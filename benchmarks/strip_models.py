"""Fit the models of the strip camera and lay them into a folder.

    python benchmarks/strip_models.py [--out edge/models] [--only patch|cls|learned|names] [--json]

`surface-cls` also learns X-SDD (Apache-2.0) if the set is at hand under TESTBED_DATA. About seven minutes on one core;
`strip-learned` half an hour more, and PyTorch (the extra `train`); what is stopped goes on where it was.
The last line is one JSON object: the files and what their cards measured.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is first imported


def real() -> list:
    """Pictures of X-SDD with label and group, in the strip's words; none where the set is not at hand."""
    from connectors.errors import InputError
    from testbed.datasets.near import together
    from testbed.datasets.pictures import load
    from testbed.train_pictures import STRIP_WORDS

    try:
        pictures = load("x-sdd")
        groups = together("x-sdd", pictures)
        return [(p.image(), STRIP_WORDS.get(p.label, p.label), g) for p, g in zip(pictures, groups, strict=True)]
    except InputError as error:
        print(error)
        return []


def main() -> None:
    from edge.model import OnnxModel
    from testbed.strip.fitting import strip_learned, strip_names, surface_cls, surface_patch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("edge/models"))
    parser.add_argument("--only", choices=("patch", "cls", "learned", "names"))
    parser.add_argument("--json", action="store_true", help="the last line alone")
    options = parser.parse_args()

    def tell(what: str, done: int, of: int) -> None:
        if not options.json and done % 50 == 0:
            print(f"{what} {done}" + (f" of {of}" if of else ""), flush=True)

    said = {}
    finder = options.out / "strip-surface-patch.onnx"
    if options.only in (None, "patch"):
        finder.write_bytes(surface_patch(tell))
        said[finder.name] = OnnxModel(finder.read_bytes(), finder.name).card.raw["calibration"]
    if options.only in (None, "cls"):
        file = options.out / "surface-cls.onnx"
        file.write_bytes(surface_cls(finder.read_bytes(), real(), tell))
        said[file.name] = OnnxModel(file.read_bytes(), file.name).card.raw["training"]
    if options.only in (None, "learned"):
        file = options.out / "strip-learned.onnx"
        file.write_bytes(strip_learned(tell, file.with_suffix(".resume")))
        said[file.name] = OnnxModel(file.read_bytes(), file.name).card.raw["calibration"]
    if options.only in (None, "names"):
        file = options.out / "strip-names.onnx"
        file.write_bytes(strip_names(tell))
        said[file.name] = OnnxModel(file.read_bytes(), file.name).card.raw["training"]
    print(json.dumps(said))


if __name__ == "__main__":
    main()
