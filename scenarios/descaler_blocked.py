"""Nozzles of the descaler fill up while a worn pump and a flow meter look the same. Scale stays at one width."""

from testbed import Detect, Draw, Fault, LookAlike, Quiet, Respond, RunOutTable, Scenario

scenario = Scenario(
    name="descaler-blocked",
    title="One blocked nozzle",
    story=(
        "A few nozzles of the descaler fill up. The pressure hardly moves, one header takes less water, and scale "
        "stays at the same width of every coil. A worn pump and a drifting flow meter look the same at first. "
        "The headers are flushed in the next gap; if nobody acts, two coils are downgraded."
    ),
    plant=RunOutTable(coil_s=Draw(60.0, 65.0)),
    duration=300,  # s
    steps=(
        LookAlike(at=Draw(30, 35), name="pump_change", params={"duration": 20}),
        LookAlike(at=Draw(65, 70), name="flow_meter", params={"duration": 20}),
        Fault(at=Draw(100, 110), name="blocked_descaler"),
    ),
    expect=(Detect("blocked_descaler"), Quiet(false_alarms_per_24h=1)),
    models=("descaler",),
    responses=(Respond("process", "clean_headers", 1),),
)
