"""The command line: ``recsys --workspace DIR COMMAND``, each command with ``--json``.

With ``--json`` exactly one document goes to standard output; everything else, also what libraries print, goes to standard error.
Exit status: 0 done, 2 refused with coded findings, 1 a defect of ours. Stages are imported inside the commands, so that
``recsys app`` and ``recsys project`` never load TensorFlow.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from recsys.cli import listening
from recsys.cli.audit import audit, forget, noted
from recsys.cli.decide import bid, flip
from recsys.cli.export import export
from recsys.cli.frame import Document, GivenPath, cli, command, file_content, progress_bar
from recsys.errors import DataError
from recsys.evaluation.recommender_labels import recommender_names, train_words
from recsys.ids import MAX_SEED
from recsys.workspace import Workspace

__all__ = ["audit", "bid", "cli", "export", "flip", "forget", "main"]

SEED = click.IntRange(0, MAX_SEED)


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic in its stubs alone
    """An amount of money, as a plain number or as people write it."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The amount; refuses what is none, or what could be read in two ways."""
        from recsys.errors import ScenarioError
        from recsys.presentation.text import amounts

        try:
            return float(value)
        except ValueError:
            pass
        try:
            return amounts.read(str(value))
        except ScenarioError as error:
            self.fail(f"{error.findings[0].message} {error.findings[0].remedy}", param, ctx)


AMOUNT = Amount()


def models_option(default: str) -> Callable[[Any], Any]:
    """``--model``, shared by the commands that train."""
    return click.option("--model", type=click.Choice(train_words()), default=default, show_default=True)


@command
@click.option("--users", type=int, help="Simulated users.")
@click.option("--movies", type=int, help="Movies in its history.")
@click.option("--seed", type=int, help="Another seed is another service.")
@click.option("--members", type=int, default=8, show_default=True, help="Recommenders behind the ranges.")
def demo(workspace: Workspace, users: int | None, movies: int | None, seed: int | None, members: int) -> Document:
    """Simulate a service, train on it, calibrate and map it: a workspace ready to open."""
    from recsys.pipeline.config import TrainConfig
    from recsys.pipeline.demo import make_demo
    from recsys.simulation.demo import ServiceConfig

    default = ServiceConfig()
    service = ServiceConfig(
        n_users=default.n_users if users is None else users,
        n_movies=default.n_movies if movies is None else movies,
        seed=default.seed if seed is None else seed,
    )
    with progress_bar() as report:
        config = TrainConfig(members=members)
        document = make_demo(workspace, service, config, report).as_json()
    return noted(workspace, "demo", f"run {document['run']}", document)


@command
@click.argument("path", type=GivenPath())
@click.option("--format", "form", help="Settles a doubt about the format; it is recognised otherwise.")
@click.option("--offers-from-latest", type=int, help="Set this many of the latest arrivals aside and treat them as offers.")
@click.option("--fee", type=float, help="Licence fee assumed for each of them, in the workspace's currency.")
@click.option("--window-months", type=int, show_default="12", help="Licence window assumed for each of them.")
def import_(  # noqa: PLR0917  the options of a command
    workspace: Workspace,
    path: Path,
    form: str | None,
    offers_from_latest: int | None,
    fee: float | None,
    window_months: int | None,
) -> Document:
    """Validate the tables in PATH (folder, zip or file) and take them in: all or nothing."""
    from recsys.tables.import_tables import import_path
    from recsys.tables.latest_arrivals import LatestArrivals

    if offers_from_latest is None and (fee, window_months) != (None, None):
        raise click.UsageError(
            "--fee and --window-months say what is assumed of the offers; give --offers-from-latest with them."
        )
    if offers_from_latest is not None and fee is None:
        raise DataError.of(
            "E_COST", "an offer needs a fee.", "Give --fee with --offers-from-latest.", table="offers", column="fee"
        )
    latest = None
    if offers_from_latest is not None and fee is not None:
        latest = LatestArrivals(n=offers_from_latest, fee=fee, window_months=12 if window_months is None else window_months)
    with progress_bar() as report:
        document = import_path(path, workspace, format=form, latest=latest, progress=report).as_json()
    if "offers" in document["imported"]:
        from recsys.projection.data_support import support_findings_of

        document["warnings"] += [finding.as_json() for finding in support_findings_of(workspace)]
    return noted(workspace, "import", f"{path}: {', '.join(document['imported'])}", document)


@command
@models_option("all")
@click.option("--members", type=int, default=8, show_default=True, help="Recommenders behind the ranges.")
@click.option(
    "--tune", type=click.IntRange(0, 500), default=0, show_default=True, help="Settings of mf to try on held-out views."
)
@click.option("--seed", type=SEED, default=0, show_default=True)
def train(workspace: Workspace, model: Any, members: int, tune: int, seed: int) -> Document:
    """Train, calibrate, map. Stopped half-way, it goes on from there when it is started again."""
    from recsys.pipeline.config import TrainConfig
    from recsys.pipeline.train import train as run

    with progress_bar() as report:
        config = TrainConfig(model=model, members=members, trials=tune, seed=seed)
        document = run(workspace, config, report).as_json()
    return noted(workspace, "train", f"run {document['run']}", document)


def _evaluated(document: Document) -> str:
    from recsys.evaluation import report_text

    return report_text.cold(document) if document["kind"] == "cold" else report_text.comparison(document)


def _projected(document: Document) -> str:
    from recsys.presentation import terminal

    return terminal.projection(document)


def _chosen(document: Document) -> str:
    from recsys.presentation import terminal

    return terminal.slate(document)


def _travelled(document: Document) -> str:
    from recsys.presentation import terminal

    return terminal.backtest(document)


@partial(command, show=_evaluated)
@click.option("--split", type=click.Choice(["temporal", "random", "leave-one-out"]), default="temporal", show_default=True)
@click.option("--at", type=click.IntRange(1, 1000), multiple=True, default=(10, 20, 50, 100), show_default=True, help="Places.")
@click.option("--models", help="Train and judge these alone, such as: mf,blend.", show_default="all")
@click.option("--cold", is_flag=True, help="Hide a fifth of the movies, and judge what is said of them before anybody watched.")
@click.option("--seed", type=SEED, default=0, show_default=True)
def evaluate(  # noqa: PLR0917  the options of a command
    workspace: Workspace, split: Any, at: tuple[int, ...], models: str | None, cold: bool, seed: int
) -> Document:
    """How well each model ranks what was watched later, against the baselines; kept for the app's Models page."""
    from recsys.models.cold_start import ColdStartConfig
    from recsys.models.compare import CompareConfig
    from recsys.pipeline import evaluate as room

    if cold and models is not None:
        raise click.UsageError("--models says which recommenders rank the whole catalogue; leave it out with --cold.")
    config = CompareConfig(split=split, at=tuple(sorted(set(at))), seed=seed)
    if models is not None:
        config = replace(config, models=recommender_names(models))
    with progress_bar() as report:
        if cold:
            return room.evaluate_cold_start(workspace, ColdStartConfig(seed=seed), report)
        return room.evaluate_ranking(workspace, config, report)


@partial(command, show=_travelled)
@click.option("--origins", type=click.IntRange(1, 100), default=6, show_default=True, help="Past moments to project from.")
@click.option("--days", type=click.IntRange(1, 730), multiple=True, default=(28, 90), show_default=True, help="Followed so long.")
@click.option("--seed", type=SEED, default=0, show_default=True)
def backtest(workspace: Workspace, origins: int, days: tuple[int, ...], seed: int) -> Document:
    """The time machine: past arrivals treated as offers, projected from what was known then, against what happened.

    Calibrates the ranges of offers. Stopped half-way, it goes on from the last finished moment when it is started again.
    """
    from recsys.pipeline.backtest import CUTOFF_TRAINING, BacktestConfig
    from recsys.pipeline.backtest import backtest as run
    from recsys.pipeline.config import with_settings

    config = BacktestConfig(origins=origins, days=tuple(sorted(set(days))), training=with_settings(CUTOFF_TRAINING, seed=seed))
    with progress_bar() as report:
        document = run(workspace, config, report)
    return noted(workspace, "backtest", "figures of offers are calibrated by it", document)


@partial(command, show=_projected)
@click.argument("scenario", type=GivenPath())
def project(workspace: Workspace, scenario: Path) -> Document:
    """Answer the question in a SCENARIO.toml: what the changes do to viewing and money."""
    from recsys.app.runtime import disclosure
    from recsys.decision.unobserved_confounding import unobserved_confounding
    from recsys.presentation.text.explanations import explained
    from recsys.projection import json_document
    from recsys.projection.context import load_projection_context
    from recsys.projection.project import project as answer
    from recsys.scenario import toml

    question = toml.loads(file_content(scenario))
    context = load_projection_context(workspace)
    disclosure.admit_listed(workspace, context, question)
    projection = answer(context, question, draws="all")
    return explained(
        json_document.as_json(projection), projection, unobserved_confounding(context, question, projection), context.title
    )


@command
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of what is dealt out by lot.")
def refute(workspace: Workspace, seed: int) -> Document:
    """Placebos: questions whose answer is known beforehand, such as what a movie adds that nobody can see."""
    import numpy as np

    from recsys.decision import placebo_tests
    from recsys.projection.context import load_projection_context
    from recsys.tables.store.published_tables import load_dataset

    asked = placebo_tests.run_placebo_tests(
        load_projection_context(workspace), load_dataset(workspace).events, rng=np.random.default_rng(seed)
    )
    return placebo_tests.as_json(asked)


@partial(command, show=_chosen)
@click.option(
    "--budget", type=AMOUNT, required=True, help="What may be committed, in the workspace's currency: 18000000, or '1.8 crore'."
)
@click.option("--rules", type=GivenPath(), help="RULES.toml: at most so many, languages, must-haves, never-withs.")
@click.option("--scenario", type=GivenPath(), help="Choose for the audience and catalogue of a SCENARIO.toml.")
def slate(workspace: Workspace, budget: float, rules: Path | None, scenario: Path | None) -> Document:
    """Choose offers under a budget and rules; says for each one left out what would let it in."""
    from recsys.app.runtime import disclosure
    from recsys.decision import slate_rules as rule_files
    from recsys.decision.slate import NO_RULES, choose
    from recsys.projection.context import load_projection_context
    from recsys.scenario import toml

    bound = NO_RULES if rules is None else rule_files.loads(file_content(rules))
    question = None if scenario is None else toml.loads(file_content(scenario))
    context = load_projection_context(workspace)
    disclosure.admit_listed(workspace, context, question)
    found = choose(context, budget, bound, question)
    return {**found.as_json(), "titles": [context.title(movie) for movie in found.chosen]}


@command
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option(
    "--address",
    default=listening.LOCAL,
    show_default=True,
    help="Listen on it. There is no login: whoever reaches it may do all.",
)
@click.option(
    "--import-root",
    "import_roots",
    type=GivenPath(exists=True, file_okay=False),
    multiple=True,
    help="A folder of this machine that the Data page may import from; RECSYS_IMPORT_ROOTS otherwise, none by default.",
)
@click.option("--max-upload-mb", type=click.IntRange(1, 100_000), help="Largest file that may be uploaded; 500 by default.")
@click.option("--headless/--open", default=False, help="Do not open a browser.")
def app(  # noqa: PLR0917  the options of a command
    workspace: Workspace, port: int, address: str, import_roots: tuple[Path, ...], max_upload_mb: int | None, headless: bool
) -> None:
    """Open the app in a browser. It answers this machine alone, unless --address says otherwise."""
    from recsys.app.runtime import server_folders

    environment = {**os.environ, "RECSYS_WORKSPACE": str(workspace.root.resolve()), "RECSYS_FINISH_DEMO": "1"}
    if import_roots:
        environment[server_folders.VARIABLE] = server_folders.joined(import_roots)
    if not listening.check(address, port):
        click.echo(
            f"Listening on {address}: there is no login. Whoever reaches it sees all figures, replaces tables, exports tastes.",
            err=True,
        )
    click.echo(f"Greenlight opens at http://{f'[{address}]' if ':' in address else address}:{port}; Ctrl+C ends it.", err=True)
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={str(headless).lower()}"]
    if max_upload_mb is not None:
        options.append(f"--server.maxUploadSize={max_upload_mb}")
    command = [sys.executable, "-m", "recsys.app.runtime.serve", *options]
    os.execve(sys.executable, command, environment)  # noqa: S606  our own module, which then gets every signal itself


def main() -> None:
    """Entry point of the ``recsys`` command."""
    cli()
