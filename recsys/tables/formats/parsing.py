"""Parsing of text into numbers, times and flags: one definition, as SQL macros, for every table.

Each kind has a value (NULL where there is none) and a fault: NULL where the text is fine or absent, else the code.
"""

from collections.abc import Mapping

import duckdb

from recsys.tables.formats.layout import literal, quoted
from recsys.tables.lists import NULL_WORDS
from recsys.tables.schema import Kind

_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?( ?([Zz]|[+-]\d{2}(:?\d{2})?))?"
_UTC = r"(\d) ?(UTC|GMT|utc|gmt)$"
"""What some databases write for a Z."""
_ZONE = r"([Zz]|[+-]\d{2}(:?\d{2})?)$"
_DAY_FIRST = r"\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b.*"
_GROUPED = r"\s*[-+]?\d+([, ]\d+)+(\.\d+)?\s*"
CANONICAL_NUMBER = r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?"
"""A number that text can become and come back from unchanged; ``00123`` and ``1e5`` are not."""
_EARLIEST_EPOCH = 1e8  # March 1973: smaller ones are days, years or indices
_MILLISECONDS = 1e11  # as seconds, the year 5138
_MICROSECONDS = 1e14

_BLANKS = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"

_MACROS = (
    f"name_value(t) AS nullif(trim(t, {literal(_BLANKS)}), '')",
    f"""text_value(t) AS CASE WHEN lower(name_value(t)) IN ({", ".join(map(literal, NULL_WORDS))}) THEN NULL
        ELSE name_value(t) END""",
    # A figure beyond 1e30 is a mistake, and would not fit where events are kept.
    "plain_number(t) AS CASE WHEN contains(t, '_') THEN NULL ELSE TRY_CAST(t AS DOUBLE) END",
    "number_value(t) AS CASE WHEN abs(plain_number(t)) < 1e30 THEN plain_number(t) END",
    f"""number_fault(t) AS CASE WHEN t IS NULL OR abs(plain_number(t)) < 1e30 THEN NULL
        WHEN regexp_full_match(t, '{_GROUPED}') THEN 'E_NUMBER_FORMAT' ELSE 'E_NUMBER' END""",
    "whole_value(t) AS CASE WHEN number_value(t) = floor(number_value(t)) THEN number_value(t) END",
    "whole_fault(t) AS coalesce(number_fault(t), CASE WHEN t IS NOT NULL AND whole_value(t) IS NULL THEN 'E_NUMBER' END)",
    "flag_value(t) AS CASE WHEN lower(t) IN ('1', 'true') THEN true WHEN lower(t) IN ('0', 'false') THEN false END",
    "flag_fault(t) AS CASE WHEN t IS NOT NULL AND flag_value(t) IS NULL THEN 'E_VALUE' END",
    r"month_value(t) AS CASE WHEN regexp_full_match(t, '[12]\d{3}-(0[1-9]|1[0-2])') THEN t END",
    "month_fault(t) AS CASE WHEN t IS NOT NULL AND month_value(t) IS NULL THEN 'E_DATE' END",
    f"zulu(t) AS regexp_replace(t, '{_UTC}', '\\1Z')",
    f"""iso_seconds(t) AS CASE WHEN regexp_full_match(zulu(t), '{_ISO}')
        THEN floor(epoch(TRY_CAST(replace(zulu(t), ',', '.') AS TIMESTAMPTZ))) END""",
    f"zone_of(t) AS rpad(replace(replace(upper(regexp_extract(substr(t, 11), '{_ZONE}', 1)), ':', ''), 'Z', '+00'), 5, '0')",
    # What a time is written in (local, a zone, s, ms) or the code of its fault.
    f"""time_kind(t) AS CASE WHEN t IS NULL THEN NULL
        WHEN plain_number(t) IS NOT NULL THEN CASE
            WHEN NOT isfinite(plain_number(t)) THEN 'E_NUMBER'
            WHEN plain_number(t) < {_EARLIEST_EPOCH} OR plain_number(t) >= {_MICROSECONDS} THEN 'E_EPOCH'
            WHEN plain_number(t) < {_MILLISECONDS} THEN 's' ELSE 'ms' END
        WHEN iso_seconds(t) IS NOT NULL AND zulu(t) <> t THEN 'UTC'
        WHEN iso_seconds(t) IS NOT NULL THEN CASE zone_of(t)
            WHEN '00000' THEN 'local' WHEN '-0000' THEN '+0000' ELSE zone_of(t) END
        WHEN regexp_full_match(t, '{_DAY_FIRST}') THEN 'E_AMBIGUOUS_DATE'
        WHEN regexp_full_match(t, '{_GROUPED}') THEN 'E_NUMBER_FORMAT'
        ELSE 'E_DATE' END""",
    f"""time_value(t) AS CASE
        WHEN plain_number(t) IS NULL THEN iso_seconds(t)
        WHEN plain_number(t) >= {_EARLIEST_EPOCH} AND plain_number(t) < {_MILLISECONDS} THEN floor(plain_number(t))
        WHEN plain_number(t) >= {_MILLISECONDS} AND plain_number(t) < {_MICROSECONDS} THEN floor(plain_number(t) / 1000) END""",
)
_VALUE: Mapping[Kind, str] = {
    "key": "{0}",
    "name": "name_value({0})",
    "text": "text_value({0})",
    "figure": "number_value(text_value({0}))",
    "number": "number_value({0})",
    "whole": "whole_value({0})",
    "flag": "flag_value({0})",
    "month": "month_value({0})",
    "date": "make_timestamp(CAST(time_value({0}) * 1000000 AS BIGINT))",
    "time": "CAST(time_value({0}) AS BIGINT)",
}
_FAULT: Mapping[Kind, str] = {
    "key": "CAST(NULL AS VARCHAR)",
    "name": "CAST(NULL AS VARCHAR)",
    "text": "CAST(NULL AS VARCHAR)",
    "figure": "number_fault(text_value({0}))",
    "number": "number_fault({0})",
    "whole": "whole_fault({0})",
    "flag": "flag_fault({0})",
    "month": "month_fault({0})",
    "date": "time_kind({0})",
    "time": "time_kind({0})",
}
REMEDIES: Mapping[str, str] = {
    "E_CTRL": "Remove them.",
    "E_PII": "Replace them by ids that mean nothing outside, for example a keyed hash.",
    "E_NUMBER": "Write a finite number, or leave the value out.",
    "E_NUMBER_FORMAT": "Write numbers without separators and with a decimal point: 1234.5.",
    "E_VALUE": "Write 1 or 0.",
    "E_DATE": "Write dates as 2024-01-31 (months as 2024-01), times as 2024-01-31T18:00:00Z or epoch seconds.",
    "E_AMBIGUOUS_DATE": "Day or month first? Write 2024-01-31.",
    "E_EPOCH": "Write epoch seconds, all of them.",
    "E_TZ": "Give every time its zone, best UTC with a Z.",
    "E_NULL": "Fill it in, or leave the row out.",
    "E_NULL_KEY": "Give every row an id.",
    "E_FK_USER": "Add them to users, or leave the rows out.",
    "E_FK_MOVIE": "Add them to movies, or leave the rows out.",
    "E_FUTURE": "Correct the clock or the unit.",
    "E_RANGE": "Give minutes, from 0; not seconds.",
}
MESSAGES: Mapping[str, str] = {
    "E_CTRL": "control characters, characters that are not seen, or marks that turn the direction of text",
    "E_PII": "ids are e-mail addresses or phone numbers",
    "E_NUMBER": "not a finite number",
    "E_NUMBER_FORMAT": "a number with separators",
    "E_VALUE": "neither 1 nor 0",
    "E_DATE": "not a date",
    "E_AMBIGUOUS_DATE": "a date that can be read in two ways",
    "E_EPOCH": "a time that is neither epoch seconds nor a date",
    "E_NULL": "no value",
    "E_NULL_KEY": "no id",
    "E_FK_USER": "users that the users table does not have",
    "E_FK_MOVIE": "movies that the movies table does not have",
    "E_FUTURE": "times in the future",
    "E_RANGE": "negative or impossibly many minutes",
}


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to a connection."""
    for macro in _MACROS:
        connection.execute(f"CREATE OR REPLACE MACRO {macro}")


def value_sql(kind: Kind, column: str) -> str:
    """SQL for the value of a column of text."""
    return _VALUE[kind].format(quoted(column))


def fault_sql(kind: Kind, column: str) -> str:
    """SQL for its fault; for dates and times what they are written in, which is a fault only where it starts with ``E_``."""
    return _FAULT[kind].format(quoted(column))
