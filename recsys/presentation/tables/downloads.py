"""Tables as they may be downloaded: text that a spreadsheet would run is quoted, and figures are left alone."""

import pandas as pd

from recsys.tables.characters import escape_formula


def as_sheet(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every text that would run quoted, in its cells and the names of its columns.

    Examples
    --------
    >>> as_sheet(pd.DataFrame({"title": ["=1+1", "Kadal"], "@x": ["+57.4 lakh", "-3 %"], "year": [1999, 2001]})).to_dict("list")
    {'title': ["'=1+1", 'Kadal'], "'@x": ['+57.4 lakh', '-3 %'], 'year': [1999, 2001]}
    """
    texts = [name for name in frame.columns if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name])]
    quoted = frame.assign(**{name: frame[name].map(_cell) for name in texts})
    return quoted.rename(columns=_cell)


def _cell(value: object) -> object:
    return escape_formula(value) if isinstance(value, str) else value
