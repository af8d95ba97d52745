"""How well a recommender ranks, and how far that can be trusted."""
