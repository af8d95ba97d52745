"""Estimators, one for each group of parameters, and the calibration that chains them."""
