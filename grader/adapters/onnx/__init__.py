"""The packaged model through ONNX Runtime: the graph, the file it is kept in, and the `Embedder` over it."""
