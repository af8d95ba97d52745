"""Simulated services whose true counterfactuals are known."""
