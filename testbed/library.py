"""Finds scenario scripts: shipped ones by name, one's own by path.

A script is code, so it comes from the user alone.
"""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.scenario import Scenario


def names() -> list[str]:
    """Names of the shipped scenarios."""
    folder = files("scenarios")
    scripts = [entry.name for entry in folder.iterdir() if entry.name.endswith(".py")]
    return sorted(name[:-3].replace("_", "-") for name in scripts if not name.startswith("_"))


def shipped() -> list[Scenario]:
    """The shipped scenarios, by name."""
    return [load(name) for name in names()]


def load(name: str) -> Scenario:
    """The scenario called `name`, or in the script at the path `name`.

    Raises InputError if there is none, or if the script does not run; it says where.
    """
    if name in names():
        return _of(Path(str(files("scenarios").joinpath(f"{name.replace('-', '_')}.py"))))
    path = Path(name)
    if path.suffix != ".py" and not path.exists():
        hint = nearest(name, names())
        raise InputError(
            say("No scenario is called '{name}'.{hint} Or give the path of a script.", name=name, hint=hint)
        )
    if not path.is_file():
        raise InputError(say("There is no script {path}.", path=path))
    return _of(path)


def _of(path: Path) -> Scenario:
    spec = importlib.util.spec_from_file_location(f"_scenario_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(say("{path} is no Python script.", path=path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except SyntaxError as error:
        raise InputError(say("{path}:{line}  {error}.", path=path, line=error.lineno, error=error.msg)) from None
    except Exception as error:  # a script may raise anything; it is told in one sentence
        raise InputError(
            say(
                "{path}:{line}  {error}",
                path=path,
                line=_line(error, path),
                error=f"{type(error).__name__}: {error}",
            )
        ) from None
    scenario = getattr(module, "scenario", None)
    if not isinstance(scenario, Scenario):
        raise InputError(say("{path} must hold a value `scenario = Scenario(...)`.", path=path))
    return scenario


def _line(error: BaseException, path: Path) -> int:
    """The last line of the script that led to the error."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
