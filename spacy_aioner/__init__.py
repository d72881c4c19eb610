"""All-in-one biomedical named entity recognition as a spaCy component."""

__version__ = "0.1.0"
