"""The command line: aioner tag, convert and evaluate."""
