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
        fault="loose_thermocouple",
        where="BF row 1, column 9",
        params={"mode": "step"},
        tags=(("TC_BF_1_9", "TC_BF_2_9", "TC_BF_3_9"), ("TC_BF_1_8", "TC_BF_1_10")),
        after=45,
        says="One thermocouple falls at once, and nothing follows below or beside it.",
    ),
)
