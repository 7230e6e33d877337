"""The hot mill's faults as they show in its tags."""

from signatures import Signature

from testbed import HotMill

PLANT = HotMill(grade="SPHC", coil_s=85.0)
SIGNATURES = (
    Signature(
        fault="eccentricity",
        where="F6",
        params={"amplitude": 40},
        tags=("F6/ROLL_FORCE", "F6/ROLL_GAP"),
        before=3,
        after=9,
        says="Force and gap ripple once a turn of the backup roll, against each other.",
    ),
    Signature(
        fault="servo_valve",
        where="F4",
        params={"severity": 1.0, "left": 20},
        tags=("F4/SERVO", "F4/ROLL_GAP"),
        before=5,
        after=25,
        says="The current shifts and becomes restless; the gap follows until the valve jams.",
    ),
    Signature(
        fault="looper_hunting",
        where="F4",
        params={"growth": 0.35, "frequency": 0.8},
        tags=("F4/LPR_ANG", "F4/TENS"),
        before=4,
        after=12,
        says="The looper swings wider and wider, and pulls the strip each time it rises.",
    ),
    Signature(
        fault="cobble",
        where="F4",
        params={"creep": 0.9},
        tags=("F4/LPR_TRIM", "F4/LPR_ANG", "F4/TENS"),
        before=4,
        after=12,
        says="The trim runs away while the loop hardly grows; then it does, and the mill stops.",
    ),
    Signature(
        fault="strip_walk",
        where="F5",
        params={"rate": 0.12},
        tags=("EXIT/CENTRE", ("F5/FORCE_DS", "F5/FORCE_WS")),
        before=4,
        after=6,
        says="The centre line moves to one side, and the forces of both sides part.",
    ),
    Signature(
        fault="gauge_drift",
        params={"rate": 2.5},
        tags=("EXIT/H_X", "EXIT/MASS_DEV", "EXIT/MONITOR"),
        before=5,
        after=25,
        says="The gauge goes on showing the thickness asked for; mass flow and monitor run away.",
    ),
    Signature(
        fault="load_cell",
        where="F3",
        params={"size": 1.0, "over": 2.0},
        tags=(("F3/FORCE_DS", "F3/FORCE_WS"), "F3/FORCE_DEV", "F3/SIDE_DEV"),
        before=4,
        after=12,
        says="The sides of one stand part, and its force no longer fits the strip.",
    ),
    Signature(
        fault="work_roll_spalling",
        where="F7",
        params={"depth": 0.2},
        tags=("F7/ROLL_FORCE",),
        before=1,
        after=2,
        says="The force drops for some milliseconds, once a turn of the work roll.",
    ),
)
