"""Validation: the one place that turns text into values and rejects data."""
