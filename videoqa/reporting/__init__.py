"""What people read of a run: the HTML report, and the comparison of two runs."""
