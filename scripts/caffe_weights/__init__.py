"""Weights of other frameworks for the nets under models/, and back; see docs/fine_tuning.md."""
