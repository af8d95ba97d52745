"""The Slate page: which offers to buy within a budget."""
