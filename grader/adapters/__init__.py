"""What connects grader to other software. Only this package imports models and services."""
