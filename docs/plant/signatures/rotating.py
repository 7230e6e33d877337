"""What is drawn of the rotating machines: two seconds are one snapshot, eight hours after the last."""

from signatures import Signature

from testbed import Rotating

PLANT = Rotating(hours=8.0)
AXIS = ("days", 6.0)  # three snapshots a day, 2 s apart
_RING = {"before": 16, "after": 118, "at": 20, "params": {"days": 20}}
SIGNATURES = (
    Signature(
        fault="outer_race",
        where="IDF DE",
        tags=("IDF/VEL_RMS_DE", "IDF/ENV_RMS_DE", "IDF/KURT_DE", "IDF/TEMP_BRG_DE"),
        says="Twenty days of a spall on the fan's outer ring. Envelope and kurtosis rise at once; velocity creeps "
        "through zone B into C; the temperature follows in the last days only.",
        **_RING,
    ),
    Signature(
        fault="unbalance",
        where="IDF",
        tags=("IDF/VEL_RMS_DE", "IDF/ENV_RMS_DE"),
        params={"days": 14, "size": 4.2},
        at=20,
        before=16,
        after=80,
        says="Dust cakes on the wheel: velocity rises for two weeks, the envelope does not.",
    ),
    Signature(
        fault="cavitation",
        tags=("DSP/ENV_RMS_DE", "DSP/KURT_DE", "DSP/SUCT_P"),
        params={"days": 10, "size": 0.2},
        at=20,
        before=16,
        after=58,
        says="The pump hisses from the first day and the suction pressure falls; kurtosis stays low, for no single "
        "blow stands out.",
    ),
    Signature(
        fault="passing_impact",
        where="IDF",
        tags=("IDF/ENV_RMS_DE", "IDF/KURT_DE"),
        params={"size": 90, "duration": 8},
        at=20,
        before=16,
        after=40,
        says="A look-alike: blows from outside lift envelope and kurtosis for some snapshots, and pass.",
    ),
)
