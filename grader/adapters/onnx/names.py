"""What the inputs and the outputs of the graphs are called."""

IDS, STATES, DIRECTIONS = "ids", "states", "directions"
"""Names of the input, (texts, length) int32, and of the outputs, (texts, length, width): the last layer, in float32,
and the same with rows of length 1, in float16."""
INNER = "inner"
"""(texts, length, width) float16, what an inner layer makes of the tokens: an output of the encoder, and the input of
the reader that goes on from there."""
PARTS, LOGITS = "parts", "logits"
"""Where pairs are read: the second input, (pairs, length) int32, 0 in the first text and 1 in the second; and the
output, (pairs, heads) float32."""
OBSERVED = ".observed"
"""What the name of a product has after it where the product's input is given out."""
