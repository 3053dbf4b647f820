"""One recipe a module, each a flow that reads aloud."""
