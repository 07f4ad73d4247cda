"""grader: marks written answers against a reference, offline, and says what each mark rests on."""

__version__ = "0.1.0"
