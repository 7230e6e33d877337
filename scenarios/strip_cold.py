"""Cold strip with the bars that a chattering stand left across it, fine hairlines all over, and stains of oil."""

from testbed import Clean, Detect, Fault, LookAlike, Scenario, StripCamera

scenario = Scenario(
    name="strip-cold",
    title="The strip remembers the hum",
    story=(
        "A stand of the cold mill hummed for a fraction of a second, and the strip carries light and dark bars for"
        " it, edge to edge. Speed over their distance gives the pitch of the hum back. Oil stains and the weld lie"
        " there as well and are nothing."
    ),
    plant=StripCamera(length_m=20.5, surface="cold"),
    duration=7,  # s
    steps=(
        Fault(at=0, name="chatter_marks"),
        Fault(at=0, name="scratch", params={"count": 4}),
        LookAlike(at=0, name="weld"),
        LookAlike(at=0, name="oil_stain", params={"count": 8}),
    ),
    expect=(Detect("chatter_marks"), Detect("scratch", share=0.7), Clean(4.0)),
    models=("strip-learned", "strip-names"),
    delay_s=0.5,
)
