"""Regressions that know nothing of choices: weighted ridge, mixed linear model, instrumental-variable Poisson."""
