"""The spaCy component, its factory, tokenizer, filters and scorer."""
