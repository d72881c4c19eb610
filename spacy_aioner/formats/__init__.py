"""Readers and writers of annotated files over one plain document type."""
