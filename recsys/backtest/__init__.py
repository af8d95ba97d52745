"""The proof: past arrivals treated as offers, projected from what was known then, and compared with what happened."""
