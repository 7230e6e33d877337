"""A descaling nozzle is blocked: a streak of scale at one place across, on every coil that follows."""

from testbed import Clean, Detect, Fault, LookAlike, Scenario, StripCamera

scenario = Scenario(
    name="strip-descaler",
    title="One blocked nozzle",
    story=(
        "Three coils pass, each with a streak of rolled-in scale, and always at the same place across. A mark of a"
        " roll or of a guide would look otherwise: what never moves sideways comes from a nozzle of the descaling"
        " header. Until somebody clears it, every coil is downgraded."
    ),
    plant=StripCamera(length_m=6.2, coils=3),
    duration=8,  # s
    steps=(
        Fault(at=0, name="blocked_descaler"),
        LookAlike(at=0, name="water_drops", params={"count": 3}),
        LookAlike(at=0, name="oil_stain", params={"count": 3}),
    ),
    expect=(Detect("blocked_descaler"), Clean(5.0)),
    models=("strip-learned", "strip-names"),
    delay_s=0.5,
)
