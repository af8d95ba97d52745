"""Segments of users: learned personas and attribute rules."""
