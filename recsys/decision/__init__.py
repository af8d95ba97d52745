"""Which offers, at what price."""
