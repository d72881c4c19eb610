"""The all-in-one scheme as pure functions: tasks, labels, BIO, words and sentences."""
