"""What-if questions as frozen values, and where they are kept."""
