"""The rubric grader's own stage: prompt, request, reply, verdicts. Pure, but for the port to a language model."""
