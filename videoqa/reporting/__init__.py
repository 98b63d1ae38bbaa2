"""Reports for people: one HTML file about a run, and the comparison of two runs."""
