"""Distillation: a trained pipeline's label scores, and students that learn them."""
