"""The two maps: movies and audience."""
