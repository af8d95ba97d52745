"""Projection: demand and revenue of a scenario, against the baseline."""
