"""Observed panel: histories, exposure, hold-out choices, user clusters and the design rows made from them."""
