"""A piece breaks out of a work roll of one of seven stands; every turn prints the dent on the strip."""

from testbed import Detect, Draw, Fault, HotMill, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="hsm-work-roll-spalling",
    title="A dent at every turn",
    story=(
        "A piece breaks out of a work roll. Each turn prints a dent, metre after metre, coil after coil. Bitten-in "
        "scale and a rattling plug knock on the force as hard, but at no turn of any roll. The knocking that turns "
        "with one stand's rolls names the stand, and the roll is changed before the next coil."
    ),
    plant=HotMill(grade="SPHC", coil_s=95.0),
    duration=130,  # s: one coil and the head of the next
    steps=(
        LookAlike(at=22, name="scale_patch"),
        LookAlike(at=30, name="loose_contact"),
        Fault(at=Draw(56, 60), name="work_roll_spalling"),
    ),
    expect=(Detect("work_roll_spalling"), Quiet(false_alarms_per_24h=1)),
    models=("envelope",),
    responses=(Respond("machine", "change_roll", 1),),  # done when the coil has left
    delay_s=2.0,
    tick_s=1.0,
)
