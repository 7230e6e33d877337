"""A stand loses its emulsion and begins to sing. The mill must be slower within a quarter of a second, or it tears."""

from testbed import ColdMill, Detect, Draw, Fault, LookAlike, Quiet, Respond, Scenario

scenario = Scenario(
    name="tcm-chatter",
    title="Within a quarter of a second",
    story=(
        "The trend of one value a second shows nothing. Five thousand values a second sing: one stand's third octave"
        " grows by half every tenth of a second. The alarm takes 100 m/min from the mill 0.2 s later, and the strip"
        " holds. Run it again without models, and it tears."
    ),
    plant=ColdMill(),
    duration=14,  # s
    steps=(
        LookAlike(at=Draw(2, 3), name="weld_passing"),
        Fault(at=Draw(7, 8), name="chatter"),
    ),
    expect=(Detect("chatter"), Quiet(false_alarms_per_24h=1)),
    models=("chatter",),
    responses=(Respond("machine", "slow_down", 100.0),),  # m/min
    delay_s=0.2,
)
