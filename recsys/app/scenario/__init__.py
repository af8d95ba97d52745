"""The Scenario page, and the scenario that every page carries."""
