"""What is drawn of the cold mill."""

from signatures import Signature

from testbed import ColdMill

PLANT = ColdMill(speed=21.5)
SIGNATURES = (
    Signature(
        fault="chatter",
        where="S5",
        params={"growth": 0.28},
        at=3,
        before=0.5,
        after=2.5,
        tags=("S5/ACC", "S4/TENS", "S5/H_X", "S5/EMU_FLOW"),
        seed=10_003,
        says=(
            "Vibration, tension and thickness of one stand swell together, by e every 0.28 s, until the strip tears"
            " and all of it falls to nothing. The emulsion's flow tells why, too late."
        ),
    ),
    Signature(
        fault="chatter_marks",
        where="S5",
        params={"severity": 0.8, "frequency": 600},
        at=3,
        before=1,
        after=8,
        tags=("S5/ACC",),
        spectrum=(400, 800),
        says="A line at 600 Hz, the lesser ones beside it a turn of the backup roll away. Nothing else moves.",
    ),
    Signature(
        fault="strip_break",
        params={"crack": 0.06},
        at=3,
        before=1,
        after=7,
        plant=ColdMill(speed=9.0),
        tags=("S1/TENS", "S2/TENS", "S3/TENS", "S2/ACC"),
        says=(
            "The dips where the weld passes a stand deepen from stand to stand, and between them the vibration clicks, "
            "until the tension is gone."
        ),
    ),
    Signature(
        fault="weld_passing",
        at=3,
        before=1,
        after=7,
        plant=ColdMill(speed=9.0),
        tags=("S1/TENS", "S2/TENS", "S3/TENS", "S2/ACC"),
        says="A sound weld: the same dips, none deeper than the last, and a thump at each stand with silence after it.",
    ),
    Signature(
        fault="crane_impact",
        at=3,
        before=0.3,
        after=0.7,
        tags=("S5/ACC", "S4/TENS"),
        says="Loud at once, gone in a tenth of a second, and the tension hardly knows.",
    ),
    Signature(
        fault="gear_mesh",
        where="S4",
        params={"frequency": 190, "duration": 4},
        at=3,
        before=0.5,
        after=5,
        tags=("S4/ACC", "S3/TENS"),
        says="As loud as young chatter and in its band, but it comes to a level and stays there; the tension is still.",
    ),
)
