"""``recsys bid`` and ``recsys flip``: what to pay at most for an offer, and what would turn the decision on it."""

from functools import partial
from pathlib import Path

import click

from recsys.cli.frame import Document, GivenPath, command, file_content
from recsys.workspace import Workspace


def _bid(document: Document) -> str:
    from recsys.presentation import terminal

    return terminal.bid(document)


def _turns(document: Document) -> str:
    from recsys.presentation import terminal

    return terminal.flips(document)


@partial(command, show=_bid)
@click.argument("offer")
@click.option("--scenario", type=GivenPath(), help="On top of what a SCENARIO.toml does, over its months.")
def bid(workspace: Workspace, offer: str, scenario: Path | None) -> Document:
    """The walk-away price of an OFFER: by itself over its licence, or beside what a scenario does."""
    from recsys.app.runtime import disclosure
    from recsys.decision.walk_away_price import walk_away_price
    from recsys.projection.context import load_projection_context
    from recsys.scenario import toml

    question = None if scenario is None else toml.loads(file_content(scenario))
    context = load_projection_context(workspace)
    disclosure.admit_listed(workspace, context, question)
    return walk_away_price(context, offer, question).as_json()


@partial(command, show=_turns)
@click.argument("scenario", type=GivenPath())
@click.option("--persona", help="Change the size of this persona; of everyone by default.")
@click.option("--where", help="Change the size of whoever meets a rule, such as: language = 'Tamil'.")
def flip(workspace: Workspace, scenario: Path, persona: str | None, where: str | None) -> Document:
    """How many people more or fewer it takes to turn the decision on each offer of a SCENARIO.toml."""
    from recsys.app.runtime import disclosure
    from recsys.decision.decision_threshold import decision_thresholds
    from recsys.projection.context import load_projection_context
    from recsys.scenario import toml
    from recsys.scenario.changes import ByPersona, ByRule, Everyone, Segment

    if persona is not None and where is not None:
        raise click.UsageError("--persona and --where are two ways to say whom; give one of them.")
    segment: Segment = Everyone()
    if persona is not None:
        segment = ByPersona(persona=persona)
    if where is not None:
        segment = ByRule(where=where)
    question, context = toml.loads(file_content(scenario)), load_projection_context(workspace)
    disclosure.admit_listed(workspace, context, question)
    return decision_thresholds(context, question, segment).as_json()
