"""What is drawn of the single stand."""

from signatures import Signature

from testbed import Mill

PLANT = Mill(agc=False, turns=1.06, coil_s=80.0)
SIGNATURES = (
    Signature(
        fault="eccentricity",
        params={"amplitude": 30, "harmonic": 0},
        tags=("ROLL_FORCE", "H_GM", "H_X"),
        at=14,
        before=4,
        after=16,
        steps=((22.0, "agc_on", 1.0),),
        says="The force ripples once a turn of the backup roll. At 8 s gauge control is put on: the gaugemeter calms "
        "down, the force and the true thickness ripple more.",
    ),
    Signature(
        fault="eccentricity",
        name="eccentricity_spectrum",
        params={"amplitude": 30, "harmonic": 0.2},
        tags=("ROLL_FORCE",),
        at=14,
        before=4,
        after=50,
        spectrum=(0.2, 5.0),
        says="Lines at once and twice a turn, 1.06 turns a second.",
    ),
)
