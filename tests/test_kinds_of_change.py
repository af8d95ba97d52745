"""Each kind of change is whole: it declares itself, does something, can be asked for and can be said."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.app.scenario.change_forms import FORMS
from recsys.presentation import text
from recsys.presentation.text.changes import SENTENCES
from recsys.projection import audience_changes, catalogue_changes
from recsys.scenario import fields, link, mapping, toml
from recsys.scenario.changes import KINDS, AudienceChange, Change, Drop, Everyone, KindRegistry, Segment
from recsys.scenario.fields import Bounds
from recsys.scenario.hash import content_hash
from recsys.scenario.scenario import Scenario
from tests.scenario.strategies import built

EFFECTS = {"audience": audience_changes.EFFECTS, "catalogue": catalogue_changes.EFFECTS}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def missing(kind: type[Change]) -> list[str]:
    """What a kind does not have yet."""
    side = getattr(kind, "side", None)
    registries: dict[str, KindRegistry | dict[type[Change], str]] = {
        "effect": EFFECTS.get(side, {}),
        "form": FORMS,
        "sentence": SENTENCES,
        "label": text.KIND_LABELS,
    }
    declares = [name for name, there in (("key", kind in KINDS.values()), ("side", side in EFFECTS)) if not there]
    return declares + [name for name, registry in registries.items() if kind not in registry]


@kinds
def test_a_kind_has_key_side_effect_form_and_sentence(kind: type[Change]):
    assert missing(kind) == []


def test_nothing_is_registered_for_what_is_no_kind():
    for registry in (*EFFECTS.values(), FORMS, SENTENCES, text.KIND_LABELS):
        assert set(registry) <= set(KINDS.values())


@kinds
@given(data=st.data())
def test_a_change_of_a_kind_survives_file_link_and_keys(kind: type[Change], data: st.DataObject):
    scenario = Scenario(name="x", changes=(data.draw(built(kind)),))
    assert toml.loads(toml.dumps(scenario)) == scenario
    assert mapping.from_mapping(mapping.as_mapping(scenario)) == scenario
    assert scenario.lists_people or link.decode(link.encode(scenario)) == scenario
    assert content_hash(toml.loads(toml.dumps(scenario))) == content_hash(scenario)


@kinds
@given(data=st.data())
def test_a_change_of_a_kind_can_be_said(kind: type[Change], data: st.DataObject):
    assert text.sentence(data.draw(built(kind)), str.title).strip()


@pytest.fixture
def referral(monkeypatch: pytest.MonkeyPatch) -> type[Change]:
    """A kind that has nothing but its declaration, for as long as the test."""
    monkeypatch.setitem(KINDS, "referral", Drop)  # taken out again after the test

    @dataclass(frozen=True, kw_only=True)
    class Referral(AudienceChange, key="referral"):
        segment: Segment
        joining_share: Annotated[float, Bounds(0, 1, "(0 to 100 %)", key="joining_pct", scale=100)]

    return Referral


def test_a_kind_that_is_only_declared_lacks_the_rest_by_name(referral: type[Change]):
    assert missing(referral) == ["effect", "form", "sentence", "label"]
    with pytest.raises(TypeError, match="no sentence is registered for Referral"):
        text.sentence(referral(segment=Everyone(), joining_share=0.1), str)  # type: ignore[call-arg]


def test_a_kind_without_key_and_side_lacks_them_by_name():
    class Nameless(Change):
        pass

    assert missing(Nameless)[:2] == ["key", "side"]


def test_a_declaration_is_all_that_files_and_links_need(referral: type[Change]):
    """12.5 % of the file is 0.125 of the program, exactly."""
    scenario = Scenario(name="x", changes=(referral(segment=Everyone(), joining_share=0.125),))  # type: ignore[call-arg]
    assert mapping.as_mapping(scenario)["change"] == [
        {"type": "referral", "segment": {"all": True}, "joining_pct": Decimal("12.5")}
    ]
    assert "joining_pct = 12.5" in toml.dumps(scenario)
    assert toml.loads(toml.dumps(scenario)) == scenario == link.decode(link.encode(scenario))


def test_a_number_without_bounds_is_a_defect_of_its_kind():
    @dataclass(frozen=True, kw_only=True)
    class Unbounded:
        factor: float

    with pytest.raises(TypeError, match=r"Unbounded\.factor declares no bounds"):
        fields.declared(Unbounded)
