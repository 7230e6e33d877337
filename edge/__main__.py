"""The edge runtime: `python -m edge --config edge.toml` watches live lines until stopped. Floors 0 and 1 alone."""

from __future__ import annotations

import os

# One thread for small matrices: several make them 5 to 10 times slower. Must stand before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.errors import TestbedError
from connectors.texts import LANGUAGES, asked_by, say, speak


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch what the configuration says; the exit status."""
    wanted = asked_by(os.environ)
    speak(wanted if wanted in LANGUAGES else "en")
    parser = argparse.ArgumentParser(prog="python -m edge", description=say("Watch live lines until stopped."))
    parser.add_argument("--config", required=True, type=Path, help=say("TOML file with a [watch] table."))
    parser.add_argument("--duration", help=say("Stop after so long, such as 30s or 8h."))
    parser.add_argument("--json", action="store_true", help=say("One JSON object a line: events, states, and the end."))
    parser.add_argument("--metrics", type=int, metavar="PORT", help=say("Port on loopback for Prometheus."))
    asked = parser.parse_args(arguments)
    try:
        return _watch(asked.config, {"duration": asked.duration, "metrics": asked.metrics}, asked.json)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return error.exit_status


def _watch(path: Path, options: dict[str, Any], json: bool) -> int:
    from connectors.certs import Store
    from edge.config import read_config
    from edge.order import order_of
    from edge.runtime import Runtime
    from edge.tell import JsonLines, Plain, closing

    config = read_config(path)
    if "lang" in config.head and not os.environ.get("TESTBED_LANG"):
        speak(config.head["lang"])
    asked = dict(config.tables.get("watch", {}))
    asked |= {name: value for name, value in options.items() if value is not None}
    for warning in Store().warnings():
        print(warning, file=sys.stderr)
    runtime = Runtime(order_of({"wait": True, **asked}, config.secrets), (JsonLines() if json else Plain()).telling)
    asyncio.run(runtime.run())
    runtime.close()
    print(closing(runtime), file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
