"""Embeddings of users and movies: storage, towers, maps, nearest neighbours, axes."""
