"""What is drawn of attacks on the network before a caster."""

from signatures import Signature

from testbed import Caster, Networked

PLANT = Networked(plant=Caster(casting_speed=1.3))
SIGNATURES = (
    Signature(
        fault="spoofed_values",
        where="TC_BF",
        tags=("TC_BF_1_6", "Q_FACE_BF"),
        params={"size": 30, "duration": 40},
        at=60,
        before=20,
        after=60,
        says="A face is shown 30 K hotter; the heat that its water takes up does not move.",
    ),
    Signature(
        fault="replayed_signal",
        where="LVL_PV",
        tags=("LVL_PV", "STP_POS"),
        params={"size": 15, "duration": 60},
        at=60,
        before=5,
        after=65,
        says="For 15 s the attacker listens, then the same 15 s come three times; the stopper follows the true level.",
    ),
    Signature(
        fault="unauthorised_setpoint",
        where="casting_speed",
        tags=("V_CAST", ("DESK_CASTING_SPEED", "HELD_CASTING_SPEED")),
        params={"value": 1.6},
        at=60,
        before=20,
        after=40,
        says="The strand speeds up for good; the desk knows of no such order.",
    ),
    Signature(
        fault="stale_data",
        where="water",
        tags=("MW_TOUT_BF", "V_CAST"),
        params={"duration": 40},
        at=60,
        before=20,
        after=60,
        says="The water station falls silent for 40 s; everything else goes on.",
    ),
)
