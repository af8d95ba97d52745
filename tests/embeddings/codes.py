"""Codes of attributes in words."""

from recsys.embeddings.features import FeatureSpace


def labels(space: FeatureSpace) -> list[str]:
    """``column=value`` of each code."""
    return [f"{f.column}={value}" for f in space.features for value in (f.names or [f"{knot:g}" for knot in f.knots])]
