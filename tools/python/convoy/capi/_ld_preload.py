"""onnxruntime loads libraries of its build here: Convoy has none to load first."""
