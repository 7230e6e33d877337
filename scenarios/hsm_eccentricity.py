"""A backup roll runs out of true. Gauge control is put on: the gaugemeter looks better while the steel gets worse."""

from testbed import Detect, Draw, Fault, LookAlike, Mill, Quiet, Respond, Scenario, SetPoint

scenario = Scenario(
    name="hsm-eccentricity",
    title="The control makes it worse",
    story=(
        "A backup roll runs out of true. An operator puts gauge control on: the gaugemeter looks better, and "
        "the steel gets four times worse. The force tells the turning of the roll, and a filter takes it out "
        "of the control."
    ),
    plant=Mill(agc=False, coil_s=96.0),  # one coil; the backup rolls turn 0.5 … 2.5 times a second
    duration=100,  # s
    steps=(
        LookAlike(at=4, name="skid_marks", params={"duration": 90}),
        Fault(at=Draw(12, 16), name="eccentricity"),
        SetPoint(at=40, name="agc_on", value=1),
    ),
    expect=(Detect("eccentricity"), Quiet(false_alarms_per_24h=1)),
    models=("spectrum",),
    responses=(Respond("machine", "eccentricity_notch", 1),),
    delay_s=30.0,  # an operator looks before he touches the control
)
