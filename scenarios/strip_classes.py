"""A coil with a defect of every class, and everything harmless that looks like one."""

from testbed import Clean, Detect, Fault, LookAlike, Scenario, StripCamera

SCATTERED = ("scale", "scratch", "red_scale", "sliver", "seam", "pits", "hole", "edge_crack")

scenario = Scenario(
    name="strip-classes",
    title="Ten kinds of defects, three of none",
    story=(
        "Everything a camera at a mill has to tell apart lies on one coil: scale, scratches, slivers, seams, pits,"
        " holes, torn edges, the prints of a roll and the bars of chatter. Drops, stains and the weld must pass. One"
        " model learned from pictures in which every defect is marked says where, another one what it is."
    ),
    plant=StripCamera(length_m=41.0),
    duration=8,  # s
    steps=(
        Fault(at=0, name="roll_mark", params={"stand": 7}),
        Fault(at=0, name="chatter_marks", params={"length_m": 2}),
        *(Fault(at=0, name=name, params={"count": 3}) for name in SCATTERED),
        LookAlike(at=0, name="weld"),
        LookAlike(at=0, name="water_drops", params={"count": 8}),
        LookAlike(at=0, name="oil_stain", params={"count": 8}),
    ),
    expect=(
        Detect("roll_mark", share=0.9),
        Detect("chatter_marks"),
        *(Detect(name, share=0.6) for name in SCATTERED),
        Clean(2.0),
    ),
    models=("strip-learned", "strip-names"),
    delay_s=0.5,
)
