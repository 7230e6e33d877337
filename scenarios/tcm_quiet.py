"""Three quarters of a minute of sound rolling: welds, gears, cranes, bearings, emulsion and speed, and no chatter."""

from testbed import ColdMill, Draw, LookAlike, Quiet, Scenario

scenario = Scenario(
    name="tcm-quiet",
    title="Everything that hums, and no chatter",
    story=(
        "A weld passes, a gear hums, a crane sets something down, a bearing knocks, the emulsion thins, the mill slows"
        " down and speeds up again. Each of it is loud where chatter is loud. No alarm is the right answer."
    ),
    plant=ColdMill(),
    duration=48,  # s
    steps=(
        LookAlike(at=Draw(3, 4), name="weld_passing"),
        LookAlike(at=Draw(7, 9), name="gear_mesh"),
        LookAlike(at=Draw(14, 15), name="crane_impact"),
        LookAlike(at=Draw(16, 18), name="backup_bearing"),
        LookAlike(at=Draw(24, 25), name="speed_change"),
        LookAlike(at=Draw(38, 39), name="emulsion_change", params={"duration": 8}),
    ),
    expect=(Quiet(false_alarms_per_24h=1),),
    models=("chatter",),
    delay_s=0.2,
)
