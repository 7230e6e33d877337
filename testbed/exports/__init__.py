"""A record handed over to other tools: Parquet, CSV, MCAP for Foxglove, RRD for Rerun."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.exports.content import Content

Writer = Callable[[Content, Path], None]
SUFFIX = {"csv": "-csv.zip", "parquet": "-parquet.zip", "mcap": ".mcap", "rrd": ".rrd"}
NEEDS = {"rrd": ("rerun", 'pip install "steel-testbed[rerun]"')}  # format: module, command that installs it


def missing(form: str) -> str:
    """The command that installs what a format needs and this machine lacks; '' where nothing is missing."""
    module, command = NEEDS.get(form, ("", ""))
    return command if module and importlib.util.find_spec(module) is None else ""


def export(content: Content, form: str, out: Path) -> Path:
    """Write a record as `form` to `out`, a file that is replaced, or for csv and parquet an absent or empty folder.

    Nothing stays behind where it fails. Raises InputError.
    """
    write = _writer(form)
    beside = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        if out.is_dir():
            raise InputError(say("{folder} is not empty. Give --out a folder that is absent or empty.", folder=out))
        _clear(beside)
        write(content, beside)
        os.replace(beside, out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(say("{folder} cannot be written: {reason}.", folder=out, reason=reason)) from None
    finally:
        _clear(beside)
    return out


def _writer(form: str) -> Writer:
    if form not in SUFFIX:
        known = ", ".join(SUFFIX)
        raise InputError(
            say("--format takes {known}, but got '{form}'.", known=known, form=form) + nearest(form, SUFFIX)
        )
    if missing(form):
        raise InputError(say("'{form}' needs a package that is not installed: {command}", form=form,
                             command=missing(form)))  # fmt: skip
    if form == "mcap":
        from testbed.exports.mcap_file import write
    elif form == "rrd":
        from testbed.exports.rrd_file import write
    else:
        from testbed.exports.tables import writer

        return writer(form)
    return write


def _clear(path: Path) -> None:
    import shutil

    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
