"""A learner at a terminal: what is typed, and what follows from it."""
