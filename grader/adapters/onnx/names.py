"""What the input and the outputs of the graph are called."""

IDS, STATES, DIRECTIONS = "ids", "states", "directions"
"""Names of the input, (texts, length) int32, and of the outputs, (texts, length, width): the last layer, in float32,
and the same with rows of length 1, in float16."""
