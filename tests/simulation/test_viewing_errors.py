"""Errors of projected viewing are shares of what is true, and two engines are compared on the same services."""

import json
from pathlib import Path

import pytest

from tests.simulation.viewing_errors import AHEAD, AMOUNTS, errors, report

ALONE = [{"total": 10.0, "gross": 40.0}, {"total": 30.0, "gross": 60.0}]


def hours(factor: float) -> dict[str, object]:
    """A thousand hours of everything, times a factor; ranges are a tenth wide to both sides."""
    amounts = {name: {"total": 1000 * factor, "first": 100 * factor, "luck": 5.0} for name in AMOUNTS}
    alone = [{**each, "total": each["total"] * factor} for each in ALONE]
    for each in [*amounts.values(), *alone]:
        each |= {"p10": each["total"] * 0.9, "p90": each["total"] * 1.1}
    return {arrivals: {**amounts, "alone": alone} for arrivals in AHEAD}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for kind in ("plain", "odd"):
        folder = tmp_path / f"{kind}-7"
        (folder / "projected").mkdir(parents=True)
        for name, factor in (("truth", 1.0), ("projected/now", 1.05), ("projected/older", 1.5)):
            (folder / f"{name}.json").write_text(json.dumps(hours(factor)), encoding="utf-8")
    return tmp_path


def test_errors_are_shares_of_what_is_true(study: Path):
    found = errors(study, "older")
    assert found["kind"].tolist() == ["odd", "plain"] * 2
    for name in AMOUNTS:
        assert found[name].tolist() == found[f"{name}, month 1"].tolist() == pytest.approx([0.5] * 4)
    first = found.iloc[0]
    assert (first["slate holds"], first["hold"], first["spearman"]) == pytest.approx((0.0, 0.0, 1.0))
    assert first["WAPE"] == pytest.approx((5 + 15) / 40)
    assert (first["added, true"], first["added, found"]) == pytest.approx((40 / 100, 60 / 100))
    assert first["luck, viewing"] == pytest.approx(0.005)


def test_a_range_holds_where_the_truth_is_in_it(study: Path):
    assert errors(study, "now")[["slate holds", "hold"]].to_numpy().tolist() == [[1.0, 1.0]] * 4


def test_two_engines_are_compared_on_the_services_of_both(study: Path):
    (study / "odd-7" / "projected" / "older.json").unlink()
    _, compared = report(study, "now", "older").split("size of error, now less older, by service")
    (viewing,) = (line.split() for line in compared.splitlines() if line.startswith("viewing  "))
    assert viewing[1:7] == ["0.05", "0.05", "0.5", "0.5", "-0.45", "-0.45"]
    assert "now less" not in report(study, "now")
