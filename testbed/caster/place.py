"""Places on the mould as a script names them: 'FF row 1, column 4'."""

from __future__ import annotations

import re

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.caster.tags import COLUMNS, FACES, ROWS


def place(where: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """(face, row, column) of a text; what it leaves open is drawn. Rows and columns count from 1.

    >>> place("FF row 1, column 4", np.random.default_rng(1))
    (1, 1, 4)
    """
    drawn = (int(rng.integers(len(FACES))), int(rng.integers(1, ROWS + 1)), int(rng.integers(1, COLUMNS + 1)))
    words = re.findall(r"[A-Za-z]+|\d+", where)
    face, row, column = drawn
    i = 0
    while i < len(words):
        word = words[i].lower()
        if words[i].upper() in FACES:
            face = FACES.index(words[i].upper())
            i += 1
        elif word in ("row", "column") and i + 1 < len(words) and words[i + 1].isdigit():
            row, column = (int(words[i + 1]), column) if word == "row" else (row, int(words[i + 1]))
            i += 2
        else:
            raise InputError(
                say(
                    "'{where}' is no place on the mould: '{word}' is not understood.{hint} Write it like 'FF row 1, "
                    "column 4'.",
                    where=where,
                    word=words[i],
                    hint=nearest(words[i], [*FACES, "row", "column"]),
                )
            )
    if not (1 <= row <= ROWS and 1 <= column <= COLUMNS):
        raise InputError(
            say(
                "'{where}' is not on the mould: it has rows 1 … {rows} and columns 1 … {columns}.",
                where=where,
                rows=ROWS,
                columns=COLUMNS,
            )
        )
    return face, row, column
