"""The Phone preview page: the exported bundle in the reader's browser."""
