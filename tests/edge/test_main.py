"""`python -m edge` needs floors 0 and 1 alone, and tells what does not fit in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge.__main__ import main


def test_the_runtime_loads_no_higher_floor():
    names = (
        "edge.__main__, edge.runtime, edge.config, edge.order, edge.tell, connectors.opcua_live, connectors.mqtt_live"
    )
    higher = ("testbed", "anomaly", "vision", "scenarios")
    code = f"import sys, {names}; print([m for m in sys.modules if m.split('.')[0] in {higher}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "told", "status"),
    [
        ("[watch]\n", "missing: urls, tags", 2),
        ('[watch]\npassword = "x"\n', "is a secret", 2),
        ('[watch]\nurls = "opc.tcp://127.0.0.1:1"\ntags = "t.csv"\nwait = false\n', "No OPC UA server", 3),
        ('[watch]\nurls = "opc.tcp://127.0.0.1:1"\ntags = "t.csv"\nmodels = "ruls"\n', "No model is called 'ruls'", 2),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, capsys, text, told, status):
    (tmp_path / "t.csv").write_text("name,address\nL/A,ns=2;s=A\n")
    (tmp_path / "edge.toml").write_text(text)
    assert main(["--config", str(tmp_path / "edge.toml")]) == status
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
