"""The phone preview: what goes to the browser, what is made of what comes back, and what is shown without a bundle."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.app.preview import comparison
from recsys.app.preview.comparison import PhoneAnswer
from recsys.app.runtime import open_workspace
from recsys.export import bundle, tfjs
from recsys.export.bundle import BundleStatus
from recsys.export.parity import Server
from recsys.export.phone_model import PhoneModel
from recsys.ids import IdMap
from recsys.projection.context import ProjectionContext
from recsys.segments.personas import Persona
from tests.export import models
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import said


@pytest.fixture
def held(service: ProjectionContext, monkeypatch: pytest.MonkeyPatch) -> BundleStatus:
    """A bundle of 40 movies in force for the made-up service, without starting TensorFlow."""
    monkeypatch.setattr(tfjs, "write", models.write_weights_only)
    dim = service.offer_content.shape[1]
    made = models.source(n_movies=40, dim=dim, run="made-up")
    bundle.publish(made, open_workspace.export_folder())
    server = Server(model=PhoneModel.of(made.tower, made.movies.vectors, "float32"), movies=IdMap(service.choice.movie_ids.ids))
    monkeypatch.setattr(Server, "load", lambda *_: server)
    found = bundle.status(open_workspace.export_folder())
    assert found is not None
    return found


def unpacked(pack: comparison.PreviewBundle) -> dict[str, object]:
    """The table of a pack, and the files by name."""
    length = int(pack.content[:8])
    table = json.loads(pack.content[8 : 8 + length])
    files, at = {}, 8 + length
    for name, size in table["files"]:
        files[name] = pack.content[at : at + size]
        at += size
    assert at == len(pack.content)
    return {**table, "files": files}


def test_without_a_bundle_the_next_step_is_an_export(service: ProjectionContext, opened: Open):
    app = opened("pages/ship/preview.py")
    assert not app.exception
    assert "No bundle yet" in "\n".join(heading.value for heading in app.subheader)
    assert "made-up" in said(app)


def test_with_a_bundle_the_page_opens(held: BundleStatus, opened: Open):
    app = opened("pages/ship/preview.py")
    assert not app.exception
    assert not app.error
    assert "nothing of what was watched is sent" in said(app)


def test_the_browser_gets_what_a_phone_gets_and_no_more(held: BundleStatus, service: ProjectionContext):
    table = unpacked(comparison.preview_bundle(held))
    files = table["files"]
    listed = json.loads(files["manifest.json"])["files"]
    assert set(files) == {"manifest.json"} | {name for name, entry in listed.items() if entry["phone"]}
    assert all((held.folder / name).read_bytes() == content for name, content in files.items())
    facts = table["facts"]
    assert [offer["id"] for offer in facts["offers"]] == service.offer_ids.ids
    assert np.allclose(facts["offers"][0]["vector"], service.offer_content[0])
    assert facts["simulated"] is True


def test_offers_of_another_model_are_not_mixed_in(held: BundleStatus, service: ProjectionContext):
    facts = unpacked(comparison.preview_bundle(replace(held, run="older")))["facts"]
    assert facts["offers"] == []
    assert "export again" in facts["no_offers"]


def test_a_phones_list_is_held_against_the_servers(held: BundleStatus, service: ProjectionContext):
    server = Server.load(Path(), "float32")
    history = service.choice.movie_ids.ids[3:6]
    ids, scores = server.answer(
        history,
        context={"plan": "monthly"},
        exclude=comparison.gone(service),
        added={"o01": service.offer_content[1].astype(np.float32)},
    )
    value = {
        "stamp": "now",
        "history": history,
        "context": {"plan": "monthly"},
        "offer": "o01",
        "ids": ids,
        "scores": [float(score) for score in scores],
    }
    asked = PhoneAnswer.of(value, "now")
    assert asked is not None
    found = comparison.parity(held, asked)
    assert found is not None
    assert found.same
    wrong = PhoneAnswer.of({**value, "ids": [*ids[1:], ids[0]]}, "now")
    assert wrong is not None
    assert not comparison.parity(held, wrong).same  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        {},
        {"stamp": "other", "history": [], "context": {}, "offer": None, "ids": [], "scores": []},
        {"stamp": "now", "history": "abc", "context": {}, "offer": None, "ids": [], "scores": []},
        {"stamp": "now", "history": [], "context": {"plan": 3}, "offer": None, "ids": [], "scores": []},
        {"stamp": "now", "history": [], "context": {}, "offer": 3, "ids": [], "scores": []},
        {"stamp": "now", "history": [], "context": {}, "offer": None, "ids": ["a"], "scores": []},
        {"stamp": "now", "history": [], "context": {}, "offer": None, "ids": ["a"], "scores": ["b"]},
        {"stamp": "now", "history": ["a"] * 1001, "context": {}, "offer": None, "ids": [], "scores": []},
    ],
)
def test_what_no_preview_sends_is_passed_over(value: object):
    assert PhoneAnswer.of(value, "now") is None


def test_of_a_persona_the_model_is_told_what_it_knows_of_people():
    """The strongest value of each attribute of people that the model knows, and nothing that is rarer than usual."""
    traits = (("plan", "monthly", 3.0), ("plan", "rental", 2.0), ("genres", "Drama", 2.0), ("age", "30", 1.5), ("city", "A", 0.5))
    persona = Persona(
        name="p", size=30, traits=traits, favourites=(), monthly_active=(), monthly_views=(), monthly_growth_share=0.0
    )
    attributes = [
        {"column": "plan", "names": ["rental", "monthly"]},
        {"column": "age", "knots": [1.0, 2.0]},
        {"column": "city", "names": ["A"]},
    ]
    assert comparison.typical_context(persona, attributes) == {"plan": "monthly"}
