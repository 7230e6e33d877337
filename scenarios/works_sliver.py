"""A clog comes loose at the caster; minutes later a sliver lies on a coil, at a metre that leads back to the second."""

from testbed import Caster, Detect, Draw, Fault, LookAlike, Quiet, Scenario, Works

scenario = Scenario(
    name="works-sliver",
    title="The culprit is upstream of the mill",
    story=(
        "A clog comes loose in the nozzle of the caster, and the mould takes in powder for a few seconds. The slab "
        "goes hot to the mill and becomes half a mile of strip: a sliver lies on it, hundreds of metres from the head. "
        "Metre, slab, heat and second are joined by mass flow, and the report names the moment at the mould."
    ),
    plant=Works(caster=Caster(casting_speed=Draw(1.25, 1.35))),  # m/min
    duration=700,  # s; a slab is eight minutes of casting
    steps=(
        LookAlike(at=Draw(60, 90), name="ladle_change"),
        Fault(at=Draw(200, 300), name="clog_release"),
    ),
    expect=(Detect("clog_release"), Quiet(false_alarms_per_24h=1)),
    models=("caster-mspc",),
    tick_s=0.5,
)
