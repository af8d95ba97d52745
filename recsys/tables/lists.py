"""Multi-valued cells, such as genres and languages: ``Drama|Family``, and the one place that splits them."""

import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEPARATOR = "|"
NULL_WORDS = ("\\n", "null", "(null)", "nan", "nat", "n/a", "#n/a", "<na>", "none", "-")
"""In lower case: what programs write where a text is not known."""
LIST_COLUMNS = ("genres", "languages")
"""Columns that hold lists by their meaning; any further attribute may."""


def pieces(cell: object) -> tuple[str, ...]:
    """The values of one cell: without the blanks around them, empty ones and repeats; none where the cell is blank.

    A whole number is the same name with and without its point, since a column of them turns to floats when one is missing.

    >>> pieces("Tamil | English||Tamil"), pieces(None), pieces(2.0)
    (('Tamil', 'English'), (), ('2',))
    """
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float | np.floating) and np.isnan(cell)):
        return ()
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return (str(int(cell)),)
    return tuple(dict.fromkeys(stripped for piece in str(cell).split(SEPARATOR) if (stripped := piece.strip())))


def split(column: pd.Series) -> pd.Series:
    """:func:`pieces` of every cell, under the column's own index.

    >>> split(pd.Series(["Drama|Family", None])).tolist()
    [('Drama', 'Family'), ()]
    """
    codes, cells = pd.factorize(column.astype(object))
    known = [pieces(cell) for cell in cells]
    return pd.Series([known[code] if code >= 0 else () for code in codes], index=column.index, dtype=object, name=column.name)


def exploded(column: pd.Series) -> pd.Series:
    """One row for each value of each cell, under the index of the row that it is from; blanks have none.

    >>> exploded(pd.Series(["Drama|Family", None, "Drama"])).to_dict()
    {0: 'Family', 2: 'Drama'}
    """
    return split(column).explode().dropna()


def masks(column: pd.Series) -> dict[str, NDArray[np.bool_]]:
    """Rows that have each value, by value in alphabetical order.

    >>> masks(pd.Series(["Drama|Family", None, "Drama"]))
    {'Drama': array([ True, False,  True]), 'Family': array([ True, False, False])}
    """
    values = exploded(column.reset_index(drop=True))
    codes, names = pd.factorize(values, sort=True)
    has = np.zeros((len(names), len(column)), dtype=np.bool_)
    has[codes, values.index.to_numpy(dtype=np.intp)] = True
    return dict(zip(map(str, names), has, strict=True))


def having(column: pd.Series, value: str) -> NDArray[np.bool_]:
    """Rows that have a value, however its name is spelt: see :func:`folded`.

    >>> having(pd.Series(["Tamil|English", "Hindi", None]), " tamil").tolist()
    [True, False, False]
    """
    wanted = folded(value)
    return np.fromiter((any(folded(piece) == wanted for piece in cell) for cell in split(column)), np.bool_, len(column))


def folded(value: str) -> str:
    """A name as it is compared: without regard to case, blanks around it and how its accents are stored.

    >>> folded(" Science  FICTION") == folded("science fiction")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
