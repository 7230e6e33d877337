"""What a score says of its models: fitted on what is scored, or a threshold changed after a score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.texts import say
from testbed.report.formats import percent


def lines(score: Mapping[str, Any]) -> list[str]:
    """What a score says of its models, a sentence each."""
    found = []
    for name, told in score.get("guard", {}).items():
        if told.get("overlap_share"):
            found.append(say("{model} was fitted or calibrated on {share} of what is scored here.",
                             model=name, share=percent(told["overlap_share"])))  # fmt: skip
        if told.get("changed_after"):
            found.append(say("{model}: its threshold was changed after scoring on {data}.",
                             model=name, data=", ".join(told["changed_after"])))  # fmt: skip
    return found
