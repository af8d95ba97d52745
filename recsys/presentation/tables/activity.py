"""What was done to a workspace, as rows."""

from collections.abc import Sequence

import pandas as pd

from recsys.scenario.store import Activity


def table(done: Sequence[Activity]) -> pd.DataFrame:
    """When, by whom, what; the latest first."""
    return pd.DataFrame(
        {
            "when": [each.at.replace("T", " ")[:16] for each in done],
            "by": [each.by for each in done],
            "what": [each.what for each in done],
            "which": [each.detail for each in done],
        }
    )
