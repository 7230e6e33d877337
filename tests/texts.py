"""Every sentence of the code that a user may read, found by walking it: what a table of translations must hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("anomaly", "connectors", "edge", "scenarios", "testbed", "vision")
CLI = ROOT / "testbed" / "cli.py"
ERRORS = {"InputError": 0, "PartFailed": 0, "BadMessage": 0, "Problem": 1}  # which argument is the sentence


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the packages, read."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"), str(path))


def templates() -> dict[str, str]:
    """Template to the place of its first use: what `say` is given, and the command line's help."""
    found: dict[str, str] = {}
    for path, tree in modules():
        for call in _calls(tree):
            if _name(call) == "say":
                first = call.args[0] if call.args else None
                assert isinstance(first, ast.Constant) and isinstance(first.value, str), (
                    f"{_place(path, call)}: say takes a literal template, or no table can hold it"
                )
                found.setdefault(first.value, _place(path, call))
    tree = ast.parse(CLI.read_text("utf-8"))
    for text, node in _help(tree):
        found.setdefault(text, _place(CLI, node))
    return found


def bare_errors() -> list[str]:
    """Errors whose sentence is written out and not said."""
    found = []
    for path, tree in modules():
        for call in _calls(tree):
            at = ERRORS.get(_name(call))
            if at is not None and len(call.args) > at and _is_bare(call.args[at]):
                found.append(_place(path, call))
    return found


def _is_bare(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_bare(node.left) or _is_bare(node.right)
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    written = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(letter.isalpha() for text in written for letter in text)


def _help(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("help", "epilog"):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield node.value.value, node.value
        elif isinstance(node, ast.FunctionDef) and any(
            ast.unparse(d).startswith("app.command") for d in node.decorator_list
        ):
            text = ast.get_docstring(node)
            assert text, f"{node.name} has no help"
            yield text, node


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
