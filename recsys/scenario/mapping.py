"""A scenario as plain keys and values, which files, links and stores share; every mistake is found in one pass."""

from collections.abc import Mapping
from typing import Any

from recsys.errors import ScenarioError
from recsys.scenario.fields import Findings, read_fields, short, write_fields
from recsys.scenario.scenario import Scenario

SCHEMA = 1
_KEPT = "_document"


def as_mapping(scenario: Scenario) -> dict[str, Any]:
    """Keys and values of a scenario, as its file has them. They are found once and kept with the frozen scenario.

    Examples
    --------
    >>> from recsys.scenario.changes import ChangeChurn, Everyone
    >>> as_mapping(Scenario(name="less churn", changes=(ChangeChurn(segment=Everyone(), delta_share=-0.01),)))["change"]
    [{'type': 'change_churn', 'segment': {'all': True}, 'delta_pp': Decimal('-1.00')}]
    """
    kept = vars(scenario)  # where a cached property keeps its value too
    if _KEPT not in kept:
        kept[_KEPT] = {"schema": SCHEMA, **write_fields(scenario, stated=("horizon_months", "changes"))}
    return dict(kept[_KEPT])


def from_mapping(document: Mapping[str, Any]) -> Scenario:
    """The scenario that keys and values state.

    Raises
    ------
    ScenarioError  E_VERSION: written by a newer version; E_PARAM: a key or type that is not known, missing or of the wrong
        kind; E_NUMBER: not a finite number; E_RANGE: a number outside what is allowed; E_SEGMENT: a segment that says
        nothing. All findings at once, except that a newer version is not read further.
    """
    findings = Findings()
    version = document.get("schema")
    if isinstance(version, bool) or not isinstance(version, int):
        findings.refuse("E_VERSION", f"schema is {short(version)}; a scenario states schema = {SCHEMA}.", "Add schema = 1.")
    elif version != SCHEMA:
        raise ScenarioError.of(
            "E_VERSION",
            f"the scenario is written in schema {version}; this version reads {SCHEMA}.",
            "Open it with the version that wrote it, or install a newer one.",
            table="scenario",
            column="schema",
        )
    scenario = read_fields(Scenario, document, "", findings, also=("schema",))
    findings.done()
    assert scenario is not None, "a refusal without a finding"
    return scenario


def check(scenario: Scenario) -> None:
    """Refuse a scenario whose numbers or texts are not allowed, wherever it was built.

    Raises
    ------
    ScenarioError  as :func:`from_mapping`
    """
    from_mapping(as_mapping(scenario))
