"""What a watch tells Prometheus: states, counts and latencies, on loopback alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.errors import PartFailed
from connectors.texts import say

if TYPE_CHECKING:
    from edge.runtime import Status

LOOPBACK = "127.0.0.1"
STATES = ("connecting", "connected", "stale", "lost")
COUNTS = ("received", "late", "lost", "filled", "doubled", "reordered", "malformed", "reconnects")
GAUGES = {"rate": "Samples a second of late", "late_s": "Seconds that data come later than usual"}
MODEL_COUNTS = ("scored", "dropped")
MODEL_GAUGES = {"score": "1 is the alarm level", "p99_ms": "Milliseconds a window takes", "blind_s": "Seconds unscored"}


class Metrics:
    """Hand `status` to a runtime's telling; `served` lays what it was last told open at a port."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def status(self, status: Status) -> None:
        """The newest look at everything."""
        self._status = status

    def collect(self) -> Iterable[Any]:
        """What the newest status says, as families of prometheus_client; nothing before the first."""
        from prometheus_client.core import GaugeMetricFamily

        status = self._status
        if status is None:
            return
        state = GaugeMetricFamily("testbed_source_state", "1 for the state of the line", labels=["url", "state"])
        for source in status.sources:
            for name in STATES:
                state.add_metric([source["url"], name], float(source["state"] == name))
        yield state
        lines = {source["url"]: {**source, "gaps": len(source["gaps"])} for source in status.sources}
        yield from _families("source", "url", lines, {**GAUGES, "gaps": "Gaps that cost samples or are open"}, COUNTS)
        yield from _families("model", "model", status.models, MODEL_GAUGES, MODEL_COUNTS)
        alarms = GaugeMetricFamily("testbed_alarms_standing", "Alarms that stand")
        alarms.add_metric([], len(status.alarms))
        yield alarms

    @contextmanager
    def served(self, port: int) -> Iterator[int]:
        """Serve /metrics on loopback, 0 for any port; the port. Raises PartFailed if it is taken."""
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        registry.register(self)  # pyright: ignore[reportArgumentType]  # a collector by its method
        try:
            server, thread = start_http_server(port, LOOPBACK, registry)
        except (OSError, OverflowError) as error:
            raise PartFailed(
                say("Metrics cannot be served at port {port} ({reason}). Give another one.", port=port, reason=error)
            ) from None
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _families(
    what: str, label: str, told: dict[str, dict[str, Any]], gauges: dict[str, str], counts: Iterable[str]
) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    head = f"testbed_{what}"
    families = {name: GaugeMetricFamily(f"{head}_{name}", text, labels=[label]) for name, text in gauges.items()}
    families |= {name: CounterMetricFamily(f"{head}_{name}", f"Counted: {name}", labels=[label]) for name in counts}
    for name, family in families.items():
        for key, values in told.items():
            if values[name] is not None:
                family.add_metric([key], values[name])
        yield family
