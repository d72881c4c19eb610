"""Tagging many files: plan, engines, manifest; a run that stops can be run again."""
