"""Is the grader stable: answers rewritten by rule, and the relation that each rewriting has to keep."""
