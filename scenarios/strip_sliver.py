"""Slivers on a coil, where the mould took in powder as a clog of the nozzle came loose, hours before at the caster."""

from testbed import Clean, Detect, Fault, LookAlike, Scenario, StripCamera

scenario = Scenario(
    name="strip-sliver",
    title="The culprit is upstream",
    story=(
        "The camera sees slivers within a few metres of one another. From metre to slab to second, the coil's"
        " pedigree leads back to the mould of the caster, where a clog came loose and the level swung. The rest of"
        " that slab needs a look, and the nozzle a change."
    ),
    plant=StripCamera(length_m=24.6),
    duration=6,  # s
    steps=(
        Fault(at=0, name="clog_release"),
        LookAlike(at=0, name="water_drops", params={"count": 8}),
        LookAlike(at=0, name="oil_stain", params={"count": 8}),
    ),
    expect=(Detect("clog_release", share=0.75), Clean(4.0)),
    models=("strip-learned", "strip-names"),
    delay_s=0.5,
)
