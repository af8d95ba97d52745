"""Decisions: slates, walk-away prices, thresholds, and how sensitive they are."""
