"""What a model knows of its limits: familiarity, calibration, prediction sets; numpy only."""
