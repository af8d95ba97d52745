"""Greenlight: what an audience watches, linked to which movies are worth buying."""

__version__ = "0.1.0"
