"""Evidence by embedding: which words of an answer speak to which key point, and how strongly."""
