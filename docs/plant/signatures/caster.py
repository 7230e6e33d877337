"""What is drawn of the caster."""

from signatures import Signature

from testbed import Caster

PLANT = Caster(casting_speed=1.3)
SIGNATURES = (
    Signature(
        fault="sticker",
        where="BF column 4",
        params={"ratio": 0.7, "rise": 22, "one_column": 0},
        tags=(("TC_BF_1_4", "TC_BF_2_4", "TC_BF_3_4"), ("TC_BF_1_3", "TC_BF_1_5"), "OSC_FORCE"),
        after=45,
        says="A wave that rises and falls passes the rows one after the other, slower than the strand, and the columns "
        "beside it a little later; the force of the oscillator grows.",
    ),
    Signature(
        fault="longitudinal_crack",
        where="BF column 4",
        params={"dip": 12, "length": 0.6},
        tags=(("TC_BF_1_4", "TC_BF_2_4", "TC_BF_3_4"), ("TC_BF_1_2", "TC_BF_1_6"), "Q_FACE_BF"),
        after=35,
        says="One column dips, row after row at casting speed: the groove runs down with the strand. Columns beside it "
        "stay; the face's flux falls a little.",
    ),
    Signature(
        fault="sen_clogging",
        params={"hours": 0.25, "side": 0.8},
        tags=("LVL_PV", ("STP_POS", "STP_CMD"), "AR_SEN", ("TC_BF_1_1", "TC_BF_1_12")),
        before=30,
        after=1000,
        says="The level shows nothing. The stopper opens further and further, the argon's pressure rises, and left and "
        "right of the mould drift apart. Accelerated: half closed in a quarter of an hour, which takes hours.",
    ),
    Signature(
        fault="clog_release",
        params={"share": 0.3, "lasts": 0.6},
        plant=Caster(casting_speed=1.3, clogged=0.7),
        tags=("LVL_PV", ("STP_POS", "STP_CMD")),
        after=50,
        says="A lump breaks off: the level jumps within seconds, and the stopper closes to where less is clogged.",
    ),
    Signature(
        fault="bulging",
        params={"amplitude": 7, "grows_s": 50},
        tags=("LVL_PV", "STP_POS", "WD_TRQ_1"),
        after=150,
        says="The level swings with the casting speed over the roll pitch, 0.09 Hz here, more and more; so does the "
        "torque of the drives.",
    ),
    Signature(
        fault="stopper_stiction",
        params={"stick": 0.8},
        tags=("LVL_PV", ("STP_POS", "STP_CMD")),
        after=150,
        says="The rod moves in steps while its command runs on: a slow saw-tooth, whatever the casting speed.",
    ),
    Signature(
        fault="blocked_spray_nozzle",
        where="zone 6",
        params={"nozzles": 2},
        tags=("SPR_Z6_FLOW", "SPR_Z6_PRES", ("T_SURF_UNB", "T_SURF_STR")),
        after=300,
        says="The zone's flow is held; its pressure jumps, and the hottest streak below the zone gets hotter.",
    ),
    Signature(
        fault="mould_water_loss",
        where="FF",
        params={"loss": 0.6, "within": 30},
        tags=(("MW_FLOW_BF", "MW_FLOW_FF"), ("MW_TOUT_BF", "MW_TOUT_FF"), ("Q_FACE_BF", "Q_FACE_FF"), "TC_FF_1_6"),
        after=60,
        says="One face's flow falls, its water leaves warmer, the heat computed from both stays, the copper gets hot.",
    ),
    Signature(
        fault="loose_thermocouple",
        where="BF row 1, column 9",
        params={"mode": "step"},
        tags=(("TC_BF_1_9", "TC_BF_2_9", "TC_BF_3_9"), ("TC_BF_1_8", "TC_BF_1_10")),
        after=45,
        says="One thermocouple falls at once, and nothing follows below or beside it.",
    ),
)
