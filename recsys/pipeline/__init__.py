"""The training worker: tables in, a published run out."""
