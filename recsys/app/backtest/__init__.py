"""The Proof page: past arrivals as they would have been projected."""
