"""What really happened: the answer key, frozen at onset, that no model ever sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connectors.places import Box
from connectors.results import CONDITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One fault or look-alike. All times are ns since 1970 UTC.

    Attributes:
        name: of the fault, such as 'sticker'.
        kind: 'fault' is found inside [onset, cleared], 'stop' before its onset; 'lookalike' only resembles one.
        where: path of the place.
        onset: when it begins.
        detectable_from: first time any tag tells; None when none ever does.
        alert_deadline: the latest useful alert; the end of the run where nothing follows.
        consequence_time: when the plant suffers if nobody acts; None when it does not.
        cleared: when it is over; None while it lasts.
        struck: when the consequence really came, since nobody averted it; None while it has not.
        expects: conditions that find it.
        forbids: conditions it must not raise.
        box: where it lies on a strip, for what a camera sees.
        cause: path of the equipment that made it, where there is one to be named.
        severity: 'mild', 'usual' or 'severe' where somebody asked for that; '' where it is as drawn.
        crop: PNG bytes of what a camera saw of it, kept where nobody found it.
    """

    name: str
    kind: Literal["fault", "stop", "lookalike"] = "fault"
    where: str = ""
    onset: int
    detectable_from: int | None = None
    alert_deadline: int
    consequence_time: int | None = None
    cleared: int | None = None
    struck: int | None = None
    expects: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    box: Box | None = None
    cause: str = ""
    severity: str = ""
    crop: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        for condition in (*self.expects, *self.forbids):
            if condition not in CONDITIONS:
                raise ValueError(f"A truth expects or forbids {', '.join(CONDITIONS)}, but got '{condition}'.")
        if self.cleared is not None and self.cleared < self.onset:
            raise ValueError(f"{self.name} is cleared before its onset.")

    @property
    def is_fault(self) -> bool:
        return self.kind != "lookalike"

    @property
    def in_time(self) -> bool:
        """Whether anything could be seen before the deadline."""
        return self.detectable_from is not None and self.detectable_from <= self.alert_deadline
