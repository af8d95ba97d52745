"""Files as others write them: recognised, decoded, staged as text."""
