"""Calibrated choice model: parameters, utilities, nests, view probabilities, and its store on disk."""
