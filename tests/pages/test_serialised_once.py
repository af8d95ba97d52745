"""A scenario is turned into keys and values once a change, however often pages run and poll."""

import threading
from collections import Counter

import pytest

from recsys.app.runtime import open_workspace
from recsys.app.scenario import sensitivity
from recsys.projection.context import ProjectionContext
from recsys.scenario import hash as hashes
from recsys.scenario import link, mapping
from recsys.scenario.changes import Acquire
from recsys.scenario.scenario import Scenario
from tests import patience
from tests.pages.conftest import Open
from tests.pages.test_scenario_page import settled, with_scenario


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each scenario was written, by its name."""
    counts: Counter[str] = Counter()
    write = mapping.write_fields

    def counted(value: object, **options: object) -> dict[str, object]:
        if isinstance(value, Scenario):
            counts[value.name] += 1
        return write(value, **options)

    monkeypatch.setattr(mapping, "write_fields", counted)
    return counts


def test_hashes_link_and_check_share_one_writing(written: Counter[str]):
    scenario = Scenario(name="x", changes=(Acquire(offer="a", fee=1e6),))
    mapping.check(scenario)
    assert len({hashes.content_hash(scenario), hashes.question_hash(scenario), hashes.demand_hash(scenario)}) == 3
    link.encode(scenario)
    assert written == {"x": 1}


def test_a_page_that_runs_again_writes_nothing(service: ProjectionContext, opened: Open, written: Counter[str]):
    app = settled(with_scenario(opened, Scenario(name="buy", changes=(Acquire(offer="o00"),))))
    sensitivity.strengths_background().wait(patience.SECONDS)
    app = app.run()
    before = Counter(written)
    app = app.run()
    assert not app.exception
    assert written - before == {}


def test_a_change_writes_the_scenario_once(service: ProjectionContext, opened: Open, written: Counter[str]):
    app = settled(with_scenario(opened, Scenario(name="buy", changes=(Acquire(offer="o00"),))))
    app = app.text_input(key="builder.name").set_value("another name").run()
    assert not app.exception
    assert written["another name"] == 1


def test_while_an_answer_is_awaited_nothing_is_written_or_hashed(service: ProjectionContext, monkeypatch: pytest.MonkeyPatch):
    scenario, go = Scenario(name="buy", changes=(Acquire(offer="o00"),)), threading.Event()
    simulate = open_workspace.simulate_draws

    def slowly(*arguments: object, **options: object) -> object:
        go.wait(patience.SECONDS)
        return simulate(*arguments, **options)

    monkeypatch.setattr(open_workspace, "simulate_draws", slowly)
    pending = open_workspace.answer(scenario)
    calls: list[str] = []
    for name in ("demand_hash", "question_hash", "content_hash", "projection_context"):
        monkeypatch.setattr(open_workspace, name, lambda *_, name=name: calls.append(name))
    assert [pending.done for _ in range(10)] == [False] * 10
    go.set()
    open_workspace.background().wait(patience.SECONDS)
    assert pending.done
    assert calls == []
