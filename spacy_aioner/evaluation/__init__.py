"""Strict and relaxed scores of annotated documents."""
