"""A learner's practice: what a test asks, when a question comes back, what is left of the time. Pure."""
