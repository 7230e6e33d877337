"""What is drawn of descaler, run-out table and coiler."""

from signatures import Signature

from testbed import RunOutTable

PLANT = RunOutTable(coil_s=300.0)
SIGNATURES = (
    Signature(
        fault="blocked_descaler",
        params={"header": 2, "nozzle": 18, "blocked": 4, "fill": 20},
        tags=("DESC_P", ("DESC_HDR_2", "DESC_HDR_3"), ("T_RDT_4", "T_RDT_5", "T_RDT_7")),
        says="The flow of one header falls within seconds while the pressure and the other headers rise a little; the "
        "scanner shows one zone that is chilled less.",
    ),
    Signature(
        fault="pump_change",
        params={"pump": 0.9, "duration": 40},
        tags=("DESC_P", ("DESC_HDR_2", "DESC_HDR_3"), ("T_RDT_4", "T_RDT_5", "T_RDT_7")),
        says="A worn pump: pressure and all flows fall together, and all zones are chilled less.",
    ),
    Signature(
        fault="flow_meter",
        params={"header": 2, "low": 8, "duration": 40},
        tags=("DESC_P", ("DESC_HDR_2", "DESC_HDR_3"), ("T_RDT_4", "T_RDT_5", "T_RDT_7")),
        says="A flow meter reads too little: neither the pressure nor the strip knows of it.",
    ),
    Signature(
        name="hunting",
        plant=RunOutTable(coil_s=300.0, target=440.0),
        tags=("CT", "MIDT", "BANKS_ON"),
        twin=False,
        at=60.0,
        before=30.0,
        after=90.0,
        says="Coiled at 440 °C the strip comes below the Leidenfrost temperature, which varies along it: the coiling "
        "temperature hunts though the control does what it can.",
    ),
)
