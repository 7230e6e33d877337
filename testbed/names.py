"""Names that come as data, as a person reads them: faults, conditions, advice, and what a tag measures."""

from __future__ import annotations

import re

from connectors.texts import say, word

# What a tag measures, by the last level of its path or by how that begins, up to a '_'.
TAGS = {
    "ACC": "vibration of the stand",
    "ACC_DE": "housing acceleration",
    "ACC_NDE": "housing acceleration",
    "AGC_ON": "automatic gauge control on",
    "AR_SEN": "argon back pressure",
    "AR_STP": "argon flow of the stopper",
    "BANK": "water bank",
    "BANKS_ON": "water banks open",
    "BEND": "roll bending force",
    "BUR_SPEED": "backup roll speed",
    "CAM_TOP": "camera above the strip",
    "CAST_LEN": "cast length",
    "CENTRE": "strip centre off the line's",
    "COIL_ID": "coil",
    "COIL_TENS": "coil tension",
    "CROWN": "strip crown",
    "CT": "coiling temperature",
    "CT_SP": "coiling temperature asked for",
    "CYL": "position of the gap cylinder",
    "DESC_HDR": "flow of the descaling header",
    "DESC_P": "descaling pressure",
    "DESK": "set-point as the desk gave it",
    "EMU_CONC": "emulsion concentration",
    "EMU_FLOW": "emulsion flow",
    "EMU_TEMP": "emulsion temperature",
    "ENV_RMS": "envelope band, RMS",
    "FLATNESS": "flatness",
    "FORCE_DEV": "roll force against the calculated one",
    "FORCE_DS": "roll force, drive side",
    "FORCE_WS": "roll force, work side",
    "GRADE": "grade",
    "HEAT_NO": "heat",
    "HELD": "set-point as the controller holds it",
    "HYD_P": "hydraulic pressure",
    "H_ENTRY": "entry thickness",
    "H_EXIT": "exit thickness",
    "H_GM": "gaugemeter thickness",
    "H_SET": "thickness set-point",
    "H_X": "thickness at the X-ray gauge",
    "KURT": "kurtosis",
    "LAMP": "brightness of the line lamp",
    "LOAD": "load",
    "LPR_ANG": "looper angle",
    "LPR_TRIM": "speed trim by the looper",
    "LPR_TRQ": "looper torque",
    "LVL_PV": "mould level",
    "LVL_SP": "mould level set-point",
    "MANDREL_RPM": "mandrel speed",
    "MANDREL_TRQ": "mandrel torque",
    "MASS_DEV": "X-ray gauge against mass flow",
    "MIDT": "temperature half way down the table",
    "MONITOR": "correction by the gauge monitor",
    "MONITOR_ON": "gauge monitor on",
    "MOTOR_I": "motor current",
    "MOTOR_P": "motor power",
    "MOTOR_TRQ": "motor torque",
    "MW_FLOW": "mould water flow",
    "MW_TIN": "mould water temperature, in",
    "MW_TOUT": "mould water temperature, out",
    "NOTCH_ON": "eccentricity filter on",
    "OIL_PART": "particles in the oil",
    "OIL_T": "oil temperature",
    "OSC_FORCE": "oscillator force",
    "OSC_FRQ": "oscillation frequency",
    "OSC_STR": "oscillation stroke",
    "PINCH_FRC": "pinch roll force",
    "PINCH_GAP": "pinch roll gap",
    "Q_FACE": "heat flux of the face",
    "ROLL_FORCE": "roll force",
    "ROLL_GAP": "roll gap",
    "ROLL_SPEED": "roll speed",
    "RPM": "turns a minute",
    "SEG_GAP": "segment gap",
    "SERVO": "servo valve command",
    "SERVO_ACT": "servo valve activity",
    "SERVO_BIAS": "servo valve bias",
    "SIDE_DEV": "forces of both sides apart",
    "SLAB_ID": "slab",
    "SLAB_MARK": "slab marked",
    "SPEED_SHARE": "share of the top speed",
    "STP_CMD": "stopper command",
    "STP_POS": "stopper position",
    "STRIP_LEN": "strip length",
    "SUCT_P": "suction pressure",
    "TC": "thermocouple",
    "TD_TEMP": "tundish steel temperature",
    "TD_WT": "tundish weight",
    "TELESCOPE": "telescoping of the coil",
    "TEMP_BRG": "bearing temperature",
    "TENS": "strip tension",
    "T_FDT": "delivery temperature",
    "T_FET": "entry temperature",
    "T_RDT": "bar temperature behind the descaler",
    "T_SURF_STR": "strand surface at the straightener",
    "T_SURF_UNB": "strand surface at unbending",
    "VEL_RMS": "vibration velocity, RMS",
    "V_CAST": "casting speed",
    "V_EXIT": "mill speed",
    "V_ROLL": "roll speed",
    "V_STRIP": "strip speed",
    "WD_TRQ": "withdrawal torque",
    "WEDGE": "strip wedge",
    "WELD": "weld",
    "WIDTH": "strip width",
    "WRAP_POS": "wrapper roll position",
    "WR_DIA": "work roll diameter",
    "WR_KM": "strip rolled by these work rolls",
    "WTEMP": "cooling water temperature",
}
ZONE = re.compile(r"SPR_Z\d+_(FLOW|PRES)")
ZONE_TAGS = {"FLOW": "spray water flow of the zone", "PRES": "spray water pressure of the zone"}
ADVICE = {
    "check-network": "Trust these signals no longer; ask the crew what they see and ordered, and call network "
    "security.",
    "check-roll": "Look at the work roll of the stand that is named; change it before the next coil.",
    "check-sensor": "Check the sensor and its wiring; the process is not to blame.",
    "level-rolls": "Level the rolls of the stand whose side forces differ most; slow down if the strip walks on.",
    "look-at-map": "Look at the picture where its map stands out.",
    "look-at-crop": "Look at the picture and at the place on the coil; hold the coil where the defect is real.",
    "look-at-top-tags": "Look at the tags that are named as evidence, the first one first.",
    "rematch-speeds": "Match the stands' speeds anew at once; the loop whose trim runs away is named first.",
    "slow-mill": "Lower the mill's speed by 100 m/min at once; then look at the emulsion of the stand that is named.",
    "plan-bearing": "Plan a stop and renew the bearing of the machine that is named; look at its grease and "
    "temperature until then.",
    "purge-spray": "Purge the nozzles of the zone that is named as evidence with air; look at the slab's surface.",
    "slow-down": "Slow the strand down at once, until the shell has healed.",
    "spare-weld": "Take the tension back and lead the weld through slowly; cut it out behind the mill.",
}


def called(name: str) -> str:
    """A fault's, step's or parameter's name.

    >>> called("loose_thermocouple")
    'loose thermocouple'
    """
    return word(name.replace("_", " "))


def measured(short: str) -> str:
    """What the tag with this last level measures; '' where nobody says.

    >>> measured("TC_BF_1_9"), measured("FOO")
    ('thermocouple', '')
    """
    zone = ZONE.fullmatch(short)
    if zone is not None:
        return word(ZONE_TAGS[zone[1]])
    parts = short.split("_")
    stems = ("_".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((word(TAGS[stem]) for stem in stems if stem in TAGS), "")


def advice(key: str) -> str:
    """What to do, by the key that a model's card gives; the key where nobody says."""
    return word(ADVICE.get(key, key))


def how_bad(severity: str) -> str:
    """A severity, in words."""
    return {"mild": say("mild"), "usual": say("usual"), "severe": say("severe")}.get(severity, severity)


def condition(name: str) -> str:
    """A class of what is wrong, in words."""
    return {
        "breakout": say("breakout"),
        "process": say("process"),
        "sensor": say("sensor"),
        "surface": say("surface"),
        "machine": say("machine"),
        "cyber": say("cyber"),
    }.get(name, name)
