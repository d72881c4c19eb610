"""The models that were published with the paper, as pipelines."""
