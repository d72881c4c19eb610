"""Abbreviations and the long forms that define them."""
