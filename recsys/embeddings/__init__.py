"""Vectors of users and movies, and what can be read from them: maps, neighbours, axes."""
