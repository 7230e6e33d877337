"""Where what lies on a coil comes from: its slab, its heat, and when it was cast."""

from __future__ import annotations

from connectors.texts import say
from connectors.times import SECOND
from testbed.genealogy import Lineage
from testbed.names import called
from testbed.report.formats import fixed
from testbed.report.markup import Html, join, tag
from testbed.report.tables import shortened
from testbed.report.view import View


def origin(view: View) -> Html | None:
    """A row for each defect on a coil whose slab is known; None where there is none."""
    plain = view.about.get("genealogy")
    if not plain:
        return None
    lineage = Lineage.of(plain)
    rows = []
    for entry in view.faults:
        box = entry.truth.box
        found = None if box is None else lineage.origin(box.part_id, (box.start_m + box.end_m) / 2)
        if box is None or found is None:
            continue
        at = (found.time - view.run.start) / SECOND
        rows.append((
            called(entry.truth.name), box.part_id, fixed((box.start_m + box.end_m) / 2, 1),
            fixed((box.left_mm + box.right_mm) / 2, 0), found.slab, fixed(found.slab_metre, 2), found.heat,
            view.clock.at(at),
        ))  # fmt: skip
    heads = (say("defect"), say("coil"), say("m along the coil"), say("mm across"), say("slab"), say("m of the slab"),
             say("heat"), say("cast at"))  # fmt: skip
    told = tag("p", say("By mass flow: a metre of slab becomes as much strip as its section over the strip's."))
    return join([told, shortened(heads, rows, (2, 3, 5, 7))]) if rows else None
