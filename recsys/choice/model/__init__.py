"""The calibrated choice model: utilities, nests, its parameters, and how it is kept."""
