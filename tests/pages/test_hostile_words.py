"""Words from data, links and names are text on every page: no picture, link, symbol or markup of theirs ever."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from recsys.app.runtime import open_workspace
from recsys.app.shell import navigation
from recsys.app.slate import slate_search
from recsys.app.today import workspace_summary
from recsys.projection.context import ProjectionContext
from recsys.scenario import link
from recsys.scenario.changes import (
    Acquire,
    ByPersona,
    ByRule,
    ChangePrice,
    Drop,
    Everyone,
    ResizeSegment,
    ShiftTaste,
    TowardsAttribute,
)
from recsys.scenario.scenario import Scenario
from tests.pages.conftest import Open
from tests.pages.tabs import open_tab
from tests.pages.test_every_page import IDS, PLACES

HOSTILE = (
    "![x](http://evil.test/x.png) [a](javascript:alert(1)) <img src=http://evil.test/y.png> :material/bug_report: "
    ":red[x] $x^2$ **b** www.evil.test me@evil.test `c`"
)
LIVE = (
    "![x]",
    "[a](",
    "<img",
    ":material/bug",
    ":red[",
    "$x^2$",
    "**b**",
    "http://evil",
    "www.evil",
    "me@evil",
    "javascript:a",
    "`c`",
)
"""What of it would act if Markdown saw it."""
TEXT_ONLY = {
    "selectbox.options",
    "multiselect.options",
    "multiselect.raw_values",
    "text_input.default",
    "text_input.value",
    "text_input.placeholder",
    "code.code_text",
    "id",
    "bidi_component",
    "vega_lite_chart",
    "arrow_data_frame.arrow_data",
    "arrow_data_frame.data",
    "html.body",
    "download_button.url",
}
"""Fields that the browser shows as text, or as what they are: no Markdown."""


def texts(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """(Field, text) of all that is in a message; cells of tables that are set as text among it."""
    for field, value in message.ListFields():
        here = f"{path}.{field.name}" if path else field.name
        for each in [value] if isinstance(value, Message | str | bytes | float | int) else value:
            if isinstance(each, Message):
                yield from texts(each, here)
            elif isinstance(each, str):
                yield here, each
            elif isinstance(each, bytes) and here.startswith("arrow_table"):
                table = pa.ipc.open_stream(each).read_all()
                yield from ((here, str(cell)) for column in table.to_pydict().values() for cell in column)
                yield from ((here, name) for name in table.column_names)


def acting(app: AppTest) -> list[tuple[str, str, str]]:
    """Fields in which something of the hostile text would act, with it."""
    found = []
    for node in app.main.root:
        proto = getattr(node, "proto", None)
        if not isinstance(proto, Message):
            continue
        kind = _kind(node, proto)
        for field, text in texts(proto, kind):
            if any(field.startswith(only) or field.endswith(f".{only}") for only in TEXT_ONLY):
                continue
            found += [(field, live, text[:160]) for live in LIVE if re.search(rf"(?<!\\){re.escape(live)}", text)]
    return found


def _kind(node: Any, proto: Message) -> str:
    kind = str(getattr(node, "type", "")) or proto.DESCRIPTOR.name
    return {"table": "arrow_table", "UnknownElement": proto.DESCRIPTOR.name}.get(kind, kind)


@pytest.fixture
def hostile(
    made: ProjectionContext, service: ProjectionContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ProjectionContext:
    """The service with every word of its data hostile, in a workspace of such a name."""
    made.movies["title"] = [f"{HOSTILE} {k}" for k in range(len(made.movies))]
    made.movies["genres"] = [f"{HOSTILE} {k % 3}" for k in range(len(made.movies))]
    made.offers["title"] = [f"{HOSTILE} {k}" for k in range(len(made.offers))]
    made.offers["genres"] = HOSTILE
    made.users[HOSTILE] = np.where(np.arange(80) < 40, HOSTILE, "other")
    plans = tuple(replace(plan, name=f"{HOSTILE} {plan.name}") for plan in made.economics.plans)
    named = tuple(
        replace(persona, name=f"{HOSTILE} {k}", traits=((HOSTILE, HOSTILE, 2.0), ("genres", HOSTILE, 2.0)))
        for k, persona in enumerate(made.personas.personas)
    )
    worse = replace(
        made,
        economics=replace(made.economics, plans=plans, default_plan=plans[0].name),
        personas=replace(made.personas, personas=named),
        assumed=(HOSTILE,),
    )
    odd = tmp_path / "![x](evil) **b** <img"
    open_workspace.workspace().root.rename(odd)
    monkeypatch.setenv("RECSYS_WORKSPACE", str(odd))
    monkeypatch.setattr(open_workspace, "projection_context", lambda: worse)
    return worse


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_no_page_lets_a_word_of_the_data_act(place: navigation.Page, hostile: ProjectionContext, opened: Open):
    app = opened(place.path)
    workspace_summary.background().wait(60)
    app = app.run()
    assert not app.exception
    assert acting(app) == []


def _question(context: ProjectionContext) -> Scenario:
    persona, who = context.personas.personas[0].name, f"\"{HOSTILE}\" = '{HOSTILE}'"
    changes = (
        ResizeSegment(segment=ByPersona(persona=persona), factor=1.2),
        ResizeSegment(segment=ByRule(where=who), factor=1.2),
        ShiftTaste(segment=Everyone(), towards=TowardsAttribute(attribute="genres", value=f"{HOSTILE} 1"), strength=0.5),
        ChangePrice(plan=context.economics.plans[0].name, amount=200.0),
        Drop(movie="m0001"),
        Acquire(offer="o01"),
        Acquire(offer="o02"),
    )
    return Scenario(name=HOSTILE[:190], changes=changes)


def test_a_link_lets_no_word_act_nor_does_what_it_asks(hostile: ProjectionContext, opened: Open):
    app = opened(navigation.SCENARIO.path)
    app.query_params["s"] = link.encode(_question(hostile))
    app = app.run()
    open_workspace.background().wait(60)
    app = app.run()
    assert not app.exception
    assert len([text for text in app.markdown if "evil" in text.value]) >= 6
    assert acting(app) == []
    labels = [tab.label for tab in app.tabs]
    assert len(labels) == 7
    for label in labels:
        app = open_tab(app, label)
        assert acting(app) == []
    app = app.button(key="builder.save").click().run()
    app.session_state["builder.opening"] = True
    app = app.run()
    assert acting(app) == []


@pytest.mark.parametrize(
    "broken",
    [
        Scenario(name="x", changes=(Acquire(offer=HOSTILE),)),
        Scenario(name="x", changes=(ResizeSegment(segment=ByPersona(persona=HOSTILE), factor=1.2),)),
        Scenario(name="x", changes=(ResizeSegment(segment=ByRule(where=HOSTILE), factor=1.2),)),
        Scenario(name="x", changes=(ResizeSegment(segment=ByRule(where=f"plan = '{HOSTILE}'"), factor=1.2),)),
        Scenario(name="x", changes=(ChangePrice(plan=HOSTILE, amount=2.0),)),
    ],
)
def test_a_refusal_quotes_a_link_as_text(broken: Scenario, hostile: ProjectionContext, opened: Open):
    app = opened(navigation.SCENARIO.path)
    app.query_params["s"] = link.encode(broken)
    app = app.run()
    assert not app.exception
    assert app.error
    assert acting(app) == []


def test_a_slate_lets_no_word_act(hostile: ProjectionContext, opened: Open):
    app = opened(navigation.SLATE.path)
    app = app.button(key="slate.choose").click().run()
    slate_search.background().wait(60)
    app = app.run()
    open_workspace.background().wait(60)
    app = app.run()
    assert not app.exception
    assert acting(app) == []


def test_the_test_sees_what_acts():
    def script() -> None:
        import pandas as pd
        import streamlit as st

        from tests.pages.test_hostile_words import HOSTILE

        st.caption(HOSTILE)
        st.tabs([HOSTILE])
        st.button("x", help=HOSTILE)
        st.table(pd.DataFrame({"a": [HOSTILE]}))
        st.metric(HOSTILE, "1")
        st.toast(HOSTILE)

    seen = {field.split(".")[0] for field, *_ in acting(AppTest.from_function(script).run())}
    assert len(seen) >= 6
