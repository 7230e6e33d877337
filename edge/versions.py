"""What figures were made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from edge.session import VERSION


def versions() -> dict[str, str]:
    """Names and versions of what computes."""
    try:
        own = version("steel-testbed")
    except PackageNotFoundError:
        own = "source"
    return {
        "testbed": own,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "onnxruntime": VERSION,
        "machine": f"{platform.system()} {platform.machine()}",
    }
