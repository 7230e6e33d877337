"""What a researcher types into a notebook runs in a real kernel."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

CELLS = (
    "import testbed\nrun = testbed.run('caster-sticker', seed=1)",
    "assert run.score['faults'][0]['detected']\nrun",
    "frame = run.signals('thermocouples')\nassert frame.shape == (360, 73), frame.shape",
)


def test_a_scenario_runs_in_a_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    done = NotebookClient(notebook, timeout=90, kernel_name="python3").execute()
    assert "text/html" in done.cells[1].outputs[0]["data"]
