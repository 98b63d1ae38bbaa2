"""Training: the step, the loop around it and everything a run writes."""
