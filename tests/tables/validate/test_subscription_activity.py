"""Subscriptions that say the opposite of what events show are told at import."""

import io
from pathlib import Path

import pandas as pd
import pytest

from recsys.errors import DataError
from recsys.tables.import_tables import import_path
from tests.tables.raw import NOW, Raw


def with_active(raw: Raw, active: str) -> Raw:
    """Every row of the subscriptions says so."""
    raw.set("subscriptions", active=active)
    return raw


def test_a_service_in_which_nobody_is_active_is_refused(tmp_path: Path):
    with pytest.raises(DataError) as refusal:
        with_active(Raw(), "0").load(tmp_path)
    [finding] = refusal.value.findings
    assert (finding.code, finding.table, finding.column) == ("E_INACTIVE", "subscriptions", "active")
    assert "2024-03" in finding.message


def test_subscriptions_that_come_alone_are_held_against_the_events_that_are_there(tmp_path: Path):
    _, workspace = Raw().load(tmp_path)
    alone = Raw(files={"subscriptions.csv": with_active(Raw(), "0").files["subscriptions.csv"]})
    with pytest.raises(DataError, match="E_INACTIVE"):
        import_path(alone.write(tmp_path / "alone"), workspace, now=NOW)


def test_many_who_watch_while_they_are_said_not_to_subscribe_are_warned_of(tmp_path: Path):
    """Of three months all but the last are said to be inactive: two thirds of what was watched."""
    raw = Raw()
    table = pd.read_csv(io.StringIO(raw.text("subscriptions")))
    raw.put("subscriptions", table.assign(active=(table["month"] == "2024-03").astype(int)).to_csv(index=False))
    report, _ = raw.load(tmp_path)
    assert [warning.code for warning in report.warnings if warning.table == "subscriptions"] == ["W_INACTIVE"]


def test_subscriptions_of_other_years_say_nothing_of_these_events(tmp_path: Path):
    raw = with_active(Raw(), "0")
    raw.put("subscriptions", raw.text("subscriptions").replace("2024-", "2023-"))
    report, _ = raw.load(tmp_path)
    assert not [warning for warning in report.warnings if warning.code == "W_INACTIVE"]


def test_a_service_as_it_should_be_is_not_warned_of(tmp_path: Path):
    report, _ = Raw().load(tmp_path)
    assert not [warning for warning in report.warnings if warning.code == "W_INACTIVE"]


def test_events_that_are_all_of_one_moment_are_warned_of(tmp_path: Path):
    """There is no later part to learn choices from."""
    raw = Raw()
    raw.set("events", timestamp="2024-03-30T12:00:00")
    report, _ = raw.load(tmp_path)
    assert "W_SPLIT" in [warning.code for warning in report.warnings]
