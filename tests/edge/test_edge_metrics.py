"""What Prometheus is told, on loopback alone."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from connectors.errors import PartFailed
from edge.metrics import Metrics
from edge.runtime import Status

SOURCE = {
    "url": "opc.tcp://plc:4840", "state": "stale", "reason": "all values are Bad", "rate": 12.5, "late_s": 0.25,
    "gaps": [{}], "received": 7, "late": 1, "lost": 3, "filled": 2, "doubled": 0, "reordered": 0, "malformed": 0,
    "reconnects": 1,
}  # fmt: skip
MODEL = {"score": None, "p99_ms": 1.5, "blind_s": 2.0, "scored": 4, "dropped": 0}


def asked(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return answer.read().decode()


def test_states_and_counts_are_served():
    metrics = Metrics()
    with metrics.served(0) as port:
        assert "testbed" not in asked(port)
        metrics.status(Status(None, (SOURCE,), {"m": MODEL}, (), ()))
        told = asked(port).splitlines()
    assert 'testbed_source_state{state="stale",url="opc.tcp://plc:4840"} 1.0' in told
    assert 'testbed_source_state{state="connected",url="opc.tcp://plc:4840"} 0.0' in told
    assert 'testbed_source_lost_total{url="opc.tcp://plc:4840"} 3.0' in told
    assert 'testbed_source_gaps{url="opc.tcp://plc:4840"} 1.0' in told
    assert 'testbed_model_p99_ms{model="m"} 1.5' in told
    assert not [line for line in told if line.startswith("testbed_model_score{")]
    assert "testbed_alarms_standing 0.0" in told


def test_a_port_that_is_taken_is_one_sentence():
    with Metrics().served(0) as port, pytest.raises(PartFailed, match=f"at port {port}"), Metrics().served(port):
        pass
