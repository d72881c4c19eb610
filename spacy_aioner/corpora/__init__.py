"""Corpora as training data: documents as docs, tasks, splits, conversion."""
