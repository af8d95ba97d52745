"""Recommenders, trained in TensorFlow. Only the training worker and the command line import this."""
