"""A lump of deposit breaks off in the nozzle: the level jumps, powder is drawn in, and the slab wants a mark."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="caster-clog-release",
    title="Mark that slab",
    story=(
        "A lump of deposit breaks off and within a second too much steel runs in. The level jumps and draws mould"
        " powder into the shell: a sliver on a coil weeks later. Nothing can undo it, but the slab can be marked "
        "while it is still known which one it is."
    ),
    plant=Caster(casting_speed=Draw(1.2, 1.4)),  # m/min
    duration=240,  # s
    steps=(
        LookAlike(at=Draw(60, 80), name="ladle_change"),
        Fault(at=Draw(150, 200), name="clog_release"),
    ),
    expect=(Detect("clog_release"), Quiet(false_alarms_per_24h=1)),
    models=("mspc", "rules"),
    responses=(Respond("process", "mark_slab", 1.0),),
    delay_s=1.0,
    tick_s=0.5,
)
