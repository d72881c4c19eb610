"""Training that survives interruption."""
