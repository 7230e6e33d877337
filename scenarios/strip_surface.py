"""A coil with scale, scratches and the prints of a damaged roll, among drops and stains that are none."""

from testbed import Clean, Detect, Fault, LookAlike, Scenario, StripCamera

scenario = Scenario(
    name="strip-surface",
    title="What the camera sees",
    story=(
        "A coil passes at eight metres a second with scale, scratches and the prints of a damaged roll. Drops"
        " of water and oil stains lie among them and harm nobody. The distance of the prints tells which roll"
        " has to go."
    ),
    plant=StripCamera(length_m=81.5),
    duration=12,  # s
    steps=(
        Fault(at=0, name="roll_mark"),
        Fault(at=0, name="scale", params={"count": 12}),
        Fault(at=0, name="scratch", params={"count": 12}),
        LookAlike(at=0, name="water_drops", params={"count": 36}),
        LookAlike(at=0, name="oil_stain", params={"count": 36}),
    ),
    expect=(Detect("roll_mark", share=0.95), Detect("scratch", share=0.95), Detect("scale", share=0.9), Clean(1.0)),
    models=("strip-surface-patch", "surface-cls"),
    delay_s=0.5,
)
