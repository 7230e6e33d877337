"""A backup roll of the last of seven stands runs out of true; gauge control rolls it into the strip."""

from testbed import Detect, Draw, Fault, HotMill, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-backup-roll",
    title="The roll that turns in the force",
    story=(
        "A backup roll of the last stand runs out of true while six stands before it hand on their own waves and the "
        "furnace its cold marks. The force once a turn of that roll tells it. A filter takes it out of the control."
    ),
    plant=HotMill(grade="SPHC", coil_s=95.0),
    duration=100,  # s
    steps=(
        LookAlike(at=20, name="skid_marks", params={"duration": 70}),
        Fault(at=Draw(38, 42), name="eccentricity", where="F7"),
    ),
    expect=(Detect("eccentricity"), Quiet(false_alarms_per_24h=1)),
    models=("spectrum",),
    responses=(Respond("machine", "eccentricity_notch", 1),),
    delay_s=5.0,
    tick_s=1.0,
)
