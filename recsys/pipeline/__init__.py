"""Training pipeline and its worker process: from tables to a published run."""
