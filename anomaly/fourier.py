"""Lines of a Fourier transform as three small products: of any length that factors, and only the lines that are needed.

ONNX Runtime's DFT takes 40 ms a second of five vibrations at 5 kHz. Cooley and Tukey (Math. Comput. 19 (1965) 297): of
n = a b samples every a-th make a transform of length b, which is one product with a matrix for all of them; each is
turned by its delay; a second product of length a gives the lines, those alone that are asked for.
"""

from __future__ import annotations

import math

import numpy as np

from anomaly.graph import Graph

LONGEST = 256  # of the two factors; with a longer one the matrices would be larger than what they save


def lines(g: Graph, x: str, shape: tuple[int, int, int], n: int, wanted: tuple[int, int], inverse: bool = False) -> str:
    """Lines first <= i < end of the transform of length n of signals, (rows, end - first, 2).

    Args:
        g: the graph.
        x: signals of `shape` (rows, samples, 1), or complex (rows, samples, 2); samples <= n, what follows is zero.
        shape: of x.
        n: length of the transform.
        wanted: first and end.
        inverse: turn the other way round, and divide by n.
    """
    a, b = factors(n)
    if b > LONGEST or shape[1] % a:
        return _by_operator(g, x, shape, n, wanted, inverse)
    rows, m, parts = shape[0], shape[1] // a, shape[2]
    sign = 1.0 if inverse else -1.0
    apart = g.add("Transpose", g.reshape(x, [rows, m, a, parts]), perm=[0, 3, 1, 2])
    every = g.reshape(apart, [rows, parts * m, a])
    inner = np.exp(sign * 2j * np.pi * (np.outer(np.arange(b), np.arange(m)) % b) / b)  # (b, m)
    y = g.add("MatMul", g.constant(_left(inner)[:, : parts * m]), every)  # (rows, 2 b, a)
    real, imaginary = g.slice(y, 0, b, 1), g.slice(y, b, 2 * b, 1)
    turn = np.exp(sign * 2j * np.pi * np.outer(np.arange(b), np.arange(a)) / n)
    cos, sin = g.constant(np.real(turn)), g.constant(np.imag(turn))
    turned = (
        g.add("Sub", g.mul(real, cos), g.mul(imaginary, sin)),
        g.add("Add", g.mul(real, sin), g.mul(imaginary, cos)),
    )
    rounds = np.arange(wanted[0] // b, -(-wanted[1] // b))  # line c + b j is line j of the transforms of length a
    outer = np.exp(sign * 2j * np.pi * (np.outer(rounds, np.arange(a)) % a) / a) / (n if inverse else 1.0)
    z = g.add("MatMul", g.add("Concat", *turned, axis=2), g.constant(_left(outer).T))  # (rows, b, 2 j)
    z = g.add("Transpose", g.reshape(z, [rows, b, 2, len(rounds)]), perm=[0, 3, 1, 2])
    skipped = wanted[0] - int(rounds[0]) * b
    z = g.reshape(z, [rows, len(rounds) * b, 2])
    return g.slice(z, skipped, skipped + wanted[1] - wanted[0], 1)


def factors(n: int) -> tuple[int, int]:
    """The two factors of n that are nearest to one another, the smaller first.

    >>> factors(5000), factors(16384), factors(7)
    ((50, 100), (128, 128), (1, 7))
    """
    a = next(a for a in range(math.isqrt(n), 0, -1) if n % a == 0)
    return a, n // a


def _left(matrix: np.ndarray) -> np.ndarray:
    """A complex matrix (p, q) as the real one that does the same to real above imaginary parts, (2 p, 2 q)."""
    real, imaginary = np.real(matrix), np.imag(matrix)
    return np.block([[real, -imaginary], [imaginary, real]])


def _by_operator(
    g: Graph, x: str, shape: tuple[int, int, int], n: int, wanted: tuple[int, int], inverse: bool
) -> str:  # fmt: skip
    """The same by the runtime's own operator."""
    if shape[1] < n:
        x = g.add("Concat", x, g.constant(np.zeros((shape[0], n - shape[1], shape[2]))), axis=1)
    return g.slice(g.add("DFT", x, axis=1, inverse=int(inverse)), wanted[0], wanted[1], 1)
