"""Is the grader right: agreement with people, and whether a bank can be graded at all."""
