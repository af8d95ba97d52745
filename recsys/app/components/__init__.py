"""Browser components of the app."""
