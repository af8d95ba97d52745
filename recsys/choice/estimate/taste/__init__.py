"""Taste parameters: the nested-logit likelihood of scored choices, its posterior mode, and their estimates."""
