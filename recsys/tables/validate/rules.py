"""Validation rules of users, movies, offers and subscriptions, one rule a sentence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from recsys.tables.characters import BLANK, CONTROL, CONTROL_BUT_LINES, FIGURE, FORMULA
from recsys.tables.formats.parsing import MESSAGES, REMEDIES
from recsys.tables.limits import EARLIEST_YEAR, FUTURE_TOLERANCE_HOURS, LONGEST_RUNTIME_MIN
from recsys.tables.schema import COST_COLUMNS, TABLES
from recsys.tables.validate.contact_patterns import EMAIL, MOBILE, MOSTLY, PHONE, plain
from recsys.tables.validate.texts import Spellings

Ok = Callable[[Any], Any]
"""From a column (or, for a rule on rows, the frame) to a bool for each row: does the rule hold there?"""

_ONE_LINE = ("user_id", "movie_id", "title", "plan", "genres", "languages", "currency")
_MOST_MONTHS = 600


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule on a column, or on whole rows where ``column`` is None."""

    code: str
    ok: Ok
    message: str
    """What is found where it does not hold."""
    remedy: str
    column: str | None = None
    needs: tuple[str, ...] = ()
    """Columns that a rule on rows looks at; without all of them it is not asked."""
    skips_blanks: bool = True
    """Whether a blank is left to other rules."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Values that the rules compare with."""

    now: pd.Timestamp
    """UTC, without zone."""
    currency: str = "INR"
    """Of the terms in force."""
    user_ids: frozenset[str] | None = None
    """Known users; None where users are not to be compared with."""
    movie_ids: frozenset[str] | None = None
    """The catalogue; None where it is not to be compared with."""
    spellings: Spellings = field(default_factory=dict)
    """How the catalogue spells genres and languages, which the offers follow."""
    text_columns: tuple[str, ...] = ()
    """Columns of the table at hand that hold text, the keys included."""

    @property
    def latest(self) -> pd.Timestamp:
        """Anything later lies in the future."""
        return self.now + pd.Timedelta(hours=FUTURE_TOLERANCE_HOURS)


def rules_of(table: str, context: Context) -> list[Rule]:
    """Every rule of a table, in the order in which findings are shown."""
    rules = [
        Rule(
            code="E_CTRL",
            column=name,
            ok=_without(CONTROL if name in _ONE_LINE else CONTROL_BUT_LINES),
            message=MESSAGES["E_CTRL"],
            remedy=REMEDIES["E_CTRL"],
        )
        for name in context.text_columns
    ]
    formulas = [
        Rule(
            code="W_FORMULA",
            column=name,
            ok=lambda texts: ~texts.str.contains(FORMULA, regex=True) | texts.str.contains(FIGURE, regex=True),
            message="text that a spreadsheet would run as a formula; kept, and quoted in sheets",
            remedy="Nothing to do if it is right.",
        )
        for name in context.text_columns
    ]
    return [*_BY_TABLE[table](context), *rules, *formulas]


def _users(context: Context) -> list[Rule]:
    attributes = [name for name in context.text_columns if name not in TABLES["users"]]
    return [
        _unique("user_id"),
        no_contacts_as_ids(),
        *(
            Rule(
                code="E_PII",
                column=name,
                ok=lambda column: ~_is_contact(column),
                message="e-mail addresses or phone numbers",
                remedy="Leave the column out.",
            )
            for name in attributes
        ),
        Rule(
            code="E_FUTURE",
            column="signup_date",
            ok=lambda dates: dates <= context.latest,
            message="signed up in the future",
            remedy="Correct the dates.",
        ),
    ]


def _movie(context: Context) -> list[Rule]:
    next_year = context.now.year + 1
    return [
        _unique("movie_id"),
        Rule(
            code="E_TITLE",
            column="title",
            skips_blanks=False,
            ok=lambda titles: ~titles.fillna("").str.contains(BLANK, regex=True),
            message="blank titles",
            remedy="Give every movie a title.",
        ),
        Rule(
            code="E_RANGE",
            column="year",
            ok=lambda years: years.between(EARLIEST_YEAR, next_year),
            message=f"years outside {EARLIEST_YEAR} to {next_year}",
            remedy="Correct them, or leave them blank.",
        ),
        Rule(
            code="E_RANGE",
            column="runtime_min",
            ok=lambda minutes: (minutes > 0) & (minutes <= LONGEST_RUNTIME_MIN),
            message=f"runtimes outside 0 to {LONGEST_RUNTIME_MIN:g} minutes",
            remedy="Give minutes, or leave them blank.",
        ),
        _cost("licence_fee"),
        Rule(
            code="E_DATES",
            needs=("available_from", "available_until"),
            ok=lambda rows: ~(rows["available_until"] < rows["available_from"]),
            message="availability that ends before it starts",
            remedy="Correct the dates.",
        ),
    ]


def _offers(context: Context) -> list[Rule]:
    known = context.movie_ids or frozenset()
    return [
        *_movie(context),
        Rule(
            code="E_COLLISION",
            column="movie_id",
            ok=lambda ids: ~ids.isin(known),
            message="ids that the catalogue has already",
            remedy="Leave out what is on the service; give other movies an id of their own.",
        ),
        Rule(
            code="E_COST",
            column="fee",
            skips_blanks=False,
            ok=lambda fees: fees >= 0,
            message="fees that are negative or missing",
            remedy="Give the fee; 0 where only royalties are paid.",
        ),
        *(_cost(name) for name in COST_COLUMNS if name != "fee"),
        Rule(
            code="E_ROI_UNDEFINED",
            needs=("fee",),
            ok=lambda rows: (
                (rows[[name for name in COST_COLUMNS if name in rows]].fillna(0.0) != 0).any(axis=1) | rows["fee"].isna()
            ),
            message="no cost at all, so that the return on it is not defined",
            remedy="Give the fee, or any other cost.",
        ),
        Rule(
            code="E_CURRENCY",
            column="currency",
            skips_blanks=False,
            ok=lambda names: names.fillna("") == context.currency,
            message=f"currencies that are missing, or not {context.currency} as in the money terms",
            remedy="Convert the costs, or change the currency in economics.toml.",
        ),
        Rule(
            code="E_DATES",
            column="window_months",
            ok=lambda months: months >= 1,
            message="windows that end before they start",
            remedy="Give at least one month.",
        ),
        Rule(
            code="E_RANGE",
            column="window_months",
            ok=lambda months: months <= _MOST_MONTHS,
            message=f"windows of more than {_MOST_MONTHS} months",
            remedy="Give months, not days.",
        ),
        *_ends_after_start("available_until"),
        *_ends_after_start("licence_until"),
    ]


def _ends_after_start(end: str) -> list[Rule]:
    return [
        Rule(
            code="E_DATES",
            needs=("start", end),
            ok=lambda rows: ~(rows[end] < pd.to_datetime(rows["start"], format="%Y-%m")),
            message=f"{end} before start",
            remedy="Correct the dates.",
        )
    ]


def no_contacts_as_ids() -> Rule:
    """Ids must lead to nobody, in whichever table they come."""
    return Rule(code="E_PII", column="user_id", ok=_no_contact, message=MESSAGES["E_PII"], remedy=REMEDIES["E_PII"])


def _subscriptions(context: Context) -> list[Rule]:
    rules = [
        no_contacts_as_ids(),
        Rule(
            code="E_DUP_KEY",
            needs=("user_id", "month"),
            ok=lambda rows: ~(rows.duplicated(["user_id", "month"]) & rows["month"].notna()),
            message="a user and month that came before",
            remedy="Keep one row for each user and month.",
        ),
        _cost("price"),
    ]
    if context.user_ids is not None:
        known = context.user_ids
        rules.append(
            Rule(
                code="E_FK_USER",
                column="user_id",
                ok=lambda ids: ids.isin(known),
                message="users that the users table does not have",
                remedy="Add them to users, or leave the rows out.",
            )
        )
    return rules


def _unique(name: str) -> Rule:
    return Rule(
        code="E_DUP_KEY",
        column=name,
        ok=lambda ids: ~ids.duplicated() | ids.isna(),
        message="ids that came before",
        remedy="Keep one row for each id.",
    )


def _cost(name: str) -> Rule:
    return Rule(
        code="E_COST", column=name, ok=lambda costs: costs >= 0, message="negative amounts", remedy="Give what is paid, from 0."
    )


def _without(pattern: str) -> Ok:
    return lambda texts: ~texts.str.contains(pattern, regex=True)


def _is_contact(texts: "pd.Series[str]") -> "pd.Series[bool]":
    texts = plain(texts)
    return texts.str.contains(EMAIL, regex=True) | texts.str.contains(PHONE, regex=True)


def _no_contact(ids: "pd.Series[str]") -> "pd.Series[bool]":
    """Ten digits may be a number like any other; where most ids look like Indian mobiles, they are."""
    mobile = plain(ids).str.contains(MOBILE, regex=True)
    return ~(_is_contact(ids) | (mobile & (mobile.mean() > MOSTLY)))


_BY_TABLE: dict[str, Callable[[Context], list[Rule]]] = {
    "users": _users,
    "movies": _movie,
    "offers": _offers,
    "subscriptions": _subscriptions,
}
