"""People in the loop: tasks for people to answer, their answers read back and joined to annotation rows."""
