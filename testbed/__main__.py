"""Entry of the command `testbed`, also as `python -m testbed`."""

from __future__ import annotations

import os

# One thread for small matrices: several make them 5 to 10 times slower. Must stand before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> None:
    """Run the command line and leave with its exit status."""
    from testbed.cli import run_cli

    raise SystemExit(run_cli())


if __name__ == "__main__":
    main()
