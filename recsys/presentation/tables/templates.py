"""Empty tables to start from: the columns that import knows, with two rows that show how each is written."""

import csv
import io
import zipfile

from recsys.tables.schema import TABLES, required

_EXAMPLES: dict[str, tuple[str, str]] = {
    "user_id": ("u-001", "u-002"),
    "movie_id": ("m-001", "m-002"),
    "signup_date": ("2024-01-15", ""),
    "plan": ("monthly", "ad-funded"),
    "title": ("Kadalin Kural", "Mazhai Naatkal"),
    "year": ("2021", "2023"),
    "genres": ("Drama|Family", "Thriller"),
    "languages": ("Tamil", "Tamil|Telugu"),
    "runtime_min": ("132", "118"),
    "available_from": ("2023-06-01", "2024-02-01"),
    "available_until": ("", "2025-12-31"),
    "licence_fee": ("2500000", ""),
    "licence_until": ("2026-05-31", ""),
    "timestamp": ("2024-03-01T20:15:00+05:30", "2024-03-02T21:40:00+05:30"),
    "minutes": ("128.5", "41"),
    "rating": ("4.5", ""),
    "completed": ("1", "0"),
    "device": ("phone", "tv"),
    "fee": ("4000000", "1800000"),
    "currency": ("INR", "INR"),
    "window_months": ("24", "12"),
    "start": ("2025-01", ""),
    "royalty_per_view": ("", "0.5"),
    "dubbing_cost": ("300000", ""),
    "marketing_cost": ("200000", "100000"),
    "delivery_cost": ("20000", ""),
    "exclusive": ("1", "0"),
    "month": ("2024-03", "2024-04"),
    "active": ("1", "0"),
    "price": ("149", "149"),
}
_OFFER_IDS = ("offer-001", "offer-002")
_NOTES = {
    "users": "Who can watch. Any further column (language, city tier, age band …) becomes an attribute for segments.",
    "movies": "What there is to watch. Any further column becomes an attribute.",
    "events": "Who watched what and when: one row is one view.",
    "offers": "What can be bought, with its terms.",
    "subscriptions": "Who paid in which month; without it, churn is assumed.",
}


def names() -> tuple[str, ...]:
    """Tables that there is a template for."""
    return tuple(TABLES)


def note(table: str) -> str:
    """What a table is for, in a sentence."""
    return _NOTES[table]


def needed(table: str) -> tuple[str, ...]:
    """Columns that a table cannot do without."""
    return required(table)


def template(table: str) -> str:
    """The template of a table as CSV.

    Examples
    --------
    >>> print(template("subscriptions"))
    user_id,month,active,plan,price
    u-001,2024-03,1,monthly,149
    u-002,2024-04,0,ad-funded,149
    <BLANKLINE>
    """
    columns = list(TABLES[table])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in (0, 1):
        cells = [_EXAMPLES[column][row] for column in columns]
        if table == "offers":
            cells[columns.index("movie_id")] = _OFFER_IDS[row]
        writer.writerow(cells)
    return out.getvalue()


def all_templates() -> bytes:
    """Every template in one zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in names():
            archive.writestr(zipfile.ZipInfo(f"{table}.csv"), template(table))
    return packed.getvalue()
