"""An alarm after ISA-18.2 / IEC 62682: from scores to states, by source time alone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from connectors.results import AlarmState
from connectors.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """How scores become an alarm; 1.0 is the alarm level.

    Attributes:
        k, n: at least k of the last n scores at or above 1.0 raise the condition.
        on_delay_s: the condition must last this long before the alarm goes active.
        off_delay_s: it must be gone this long before the alarm returns.
        deadband: while active, a score counts as high down to 1 - deadband.
        latched: a returned alarm stays until it is reset.
        suppressed_by: conditions whose alarm suppresses this one by design, since the line then leaves its normal
            state on purpose.
        suppressed_for_s: for how long.
    """

    k: int = 1
    n: int = 1
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    deadband: float = 0.0
    latched: bool = False
    suppressed_by: tuple[str, ...] = ()
    suppressed_for_s: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.n:
            raise ValueError(say("An alarm needs 1 <= k <= n, but got k={k}, n={n}", k=self.k, n=self.n))
        if min(self.on_delay_s, self.off_delay_s, self.deadband) < 0 or self.deadband >= 1:
            raise ValueError(say("Delays of an alarm must not be negative, and its deadband lies in 0 … 1"))


_ASIDE = (AlarmState.OUT_OF_SERVICE, AlarmState.SHELVED, AlarmState.SUPPRESSED)  # the first one there is shown


class Alarm:
    """One alarm. Feed it scores by rising time; it says when it changes.

    >>> alarm = Alarm(AlarmSpec(k=2, n=3))
    >>> [alarm.update(t, s) for t, s in enumerate([1.2, 0.3, 1.1, 0.2, 0.1, 0.0])]
    [None, None, 'active', 'returned', None, None]
    >>> alarm.state.value
    'returned-unacknowledged'
    """

    def __init__(self, spec: AlarmSpec | None = None) -> None:
        self.spec = spec or AlarmSpec()
        self.state = AlarmState.NORMAL
        self.is_active = False
        self._high: deque[bool] = deque(maxlen=self.spec.n)
        self._since: int | None = None  # the condition has differed from the state since
        self._aside: dict[AlarmState, int | None] = {}  # shelved, suppressed, out of service: until when
        self._told = False  # what was said last

    def update(self, time: int, score: float) -> str | None:
        """Take a score (NaN: could not be scored, nothing changes); 'active' or 'returned' if that is news.

        What changed while the alarm was set aside is news once it is back.
        """
        for state, until in list(self._aside.items()):
            if until is not None and time >= until:
                self.put_back(state)
        if score == score:
            self._decide(time, score)
        if self._aside or self._told == self.is_active:
            return None
        self._told = self.is_active
        return "active" if self.is_active else "returned"

    def _decide(self, time: int, score: float) -> None:
        level = 1.0 - self.spec.deadband if self.is_active else 1.0
        self._high.append(score >= level)
        wanted = sum(self._high) >= self.spec.k
        if wanted == self.is_active:
            self._since = None
            return
        if self._since is None:
            self._since = time
        delay = self.spec.on_delay_s if wanted else self.spec.off_delay_s
        if time - self._since >= round(delay * 1e9):
            self._since = None
            self._change(wanted)

    def _change(self, active: bool) -> None:
        self.is_active = active
        if active:
            self.state = AlarmState.UNACK
        elif self.spec.latched:
            self.state = AlarmState.LATCHED
        else:
            self.state = AlarmState.NORMAL if self.state is AlarmState.ACKED else AlarmState.RTN_UNACK

    def restart(self) -> None:
        """Source time has jumped: delays count from the next score on."""
        self._since = None

    @property
    def shown(self) -> AlarmState:
        """The state an operator sees: shelved, suppressed and out of service stand in front."""
        return next((state for state in _ASIDE if state in self._aside), self.state)

    def acknowledge(self) -> bool:
        """An operator has seen it. True if that changed anything."""
        before = self.state
        if before is AlarmState.UNACK:
            self.state = AlarmState.ACKED
        elif before is AlarmState.RTN_UNACK:
            self.state = AlarmState.NORMAL
        return self.state is not before

    def reset(self) -> bool:
        """Release a latched alarm whose condition is gone. True if that changed anything."""
        if self.state is AlarmState.LATCHED and not self.is_active:
            self.state = AlarmState.NORMAL
            return True
        return False

    def set_aside(self, state: AlarmState, until: int | None = None) -> None:
        """Shelve, suppress by design or take out of service, until a time (ns) or until put back."""
        if state not in _ASIDE:
            raise ValueError(f"An alarm is set aside as shelved, suppressed or out of service, not '{state}'.")
        self._aside[state] = until

    def put_back(self, state: AlarmState | None = None) -> None:
        """End shelving, suppression or out of service; None ends all of them."""
        if state is None:
            self._aside.clear()
        else:
            self._aside.pop(state, None)
