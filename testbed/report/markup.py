"""Elements of the page. Text is escaped where it is put in, so a name from outside can never become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_VOID = ("meta", "wbr", "img", "br")


class Html(str):
    """A piece of the page that is markup already; any other string is text."""

    __slots__ = ()


def tag(name: str, *children: str | None, **attributes: str | float | None) -> Html:
    """An element. `class_` becomes class, `stroke_width` stroke-width; None leaves out.

    >>> tag("td", "a < b", class_="n")
    '<td class="n">a &lt; b</td>'
    """
    pairs = [
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    head = f"<{name}{''.join(pairs)}"
    return Html(f"{head}/>" if name in _VOID else f"{head}>{join(children)}</{name}>")


def join(parts: Iterable[str | None], between: str = "") -> Html:
    """Parts one after the other; None leaves out."""
    return Html(safe(between).join(safe(part) for part in parts if part is not None))


def breakable(path: str) -> Html:
    """A path that may be broken behind each of its levels."""
    return join(path.split("/"), Html("/<wbr/>"))


def safe(text: str) -> str:
    """Text as markup; what is markup already stays."""
    if isinstance(text, Html):
        return text
    return escape(_NO_XML.sub("\ufffd", text), quote=True)


def _value(value: str | float) -> str:
    return safe(value) if isinstance(value, str) else short(value)


def short(value: float) -> str:
    """A coordinate with a tenth of a unit.

    >>> short(12.04), short(-0.01)
    ('12', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
