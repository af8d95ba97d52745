"""What every command shares: the workspace, one document on standard output, refusals with status 2, a progress bar."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from recsys import __version__
from recsys.errors import DataError, Finding, RecsysError, coded_system_errors
from recsys.progress import ReportProgress
from recsys.workspace import Workspace

DEFAULT_WORKSPACE = Path("data/workspace")
Document = dict[str, Any]
_MOST_READ = 16_000_000
"""Bytes; above what any reader of such a file accepts."""


class GivenPath(click.Path):
    """A path that the person named. An empty one, as an unset variable leaves it, is not the folder one is in."""

    def __init__(self, *, exists: bool = False, file_okay: bool = True) -> None:
        super().__init__(exists=exists, file_okay=file_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; ``E_PARAM`` where nothing is named."""
        if not str(value).strip():
            self.fail("an empty path names nothing.", param, ctx)
        return super().convert(value, param, ctx)


class CommandLine(click.Group):
    """The root of all commands: whatever refuses, a command or the reading of its options, is told here and nowhere else."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; with ``--json`` on it, a refusal is a document too."""
        run = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        if not standalone_mode:
            return run()
        as_json = _wants_json(sys.argv[1:] if args is None else args)
        try:
            with coded_system_errors():
                sys.exit(run())
        except click.Abort:
            click.echo("Aborted!", err=True)
            sys.exit(1)
        except click.ClickException as error:
            say_document(_misused(error).as_json()) if as_json else error.show()
            sys.exit(2)
        except RecsysError as error:
            _print_refusal(error, as_json)
            _drop_what_cannot_be_written()
            sys.exit(2)


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="recsys")
@click.option(
    "--workspace",
    type=GivenPath(file_okay=False),
    default=DEFAULT_WORKSPACE,
    envvar="RECSYS_WORKSPACE",
    show_default=True,
    show_envvar=True,
    help="Folder that holds tables, runs, scenarios and terms.",
)
@click.pass_context
def cli(context: click.Context, workspace: Path) -> None:
    """Greenlight: which movies are worth buying, for whom, and at what price."""
    context.obj = Workspace(workspace)


def command(function: Callable[..., Document | None], show: Callable[[Document], str] | None = None) -> click.Command:
    """A command that takes the workspace, returns its document, and refuses with status 2.

    ``show`` is the document for a person; by default all of its figures, one a line.
    """
    return cli.command(name=function.__name__.rstrip("_"))(click.pass_obj(documented(function, show)))


def documented(function: Callable[..., Document | None], show: Callable[[Document], str] | None = None) -> Callable[..., None]:
    """Print what a function returns, as text or as JSON, and end with status 2 where it holds errors."""

    @wraps(function)
    def wrapped(workspace: Workspace, as_json: bool, **arguments: Any) -> None:
        with document_only(as_json):
            document = function(workspace, **arguments)
        if document is None:
            return
        if as_json:
            say_document(document)
        else:
            click.echo((show or every_figure)(document))
        if document.get("errors"):
            sys.exit(2)

    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(wrapped)


def command_with_parts(function: Callable[..., Document | None]) -> click.Group:
    """A command as :func:`command` makes it that also has sub-commands, which take none of its options."""
    whole = documented(function)

    @wraps(whole)
    def act(context: click.Context, **arguments: Any) -> None:
        if context.invoked_subcommand is None:
            whole(context.obj, **arguments)
        elif stray := [name for name in arguments if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]:
            raise click.UsageError(
                f"{context.invoked_subcommand} takes its options after its name, not {', '.join(stray)} before."
            )

    return cli.group(name=function.__name__, invoke_without_command=True)(click.pass_context(act))


@contextmanager
def document_only(as_json: bool) -> Iterator[None]:
    """Keep standard output for the document: whatever libraries print to it goes to standard error meanwhile."""
    if not as_json:
        yield
        return
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(real, 1)
        os.close(real)


def say_document(document: Document) -> None:
    """The one document of ``--json``."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair, as in the name of a file that is not UTF-8, has no bytes; JSON has an escape for it.
    click.echo(text.encode(errors="backslashreplace"))


def _wants_json(given: Sequence[str]) -> bool:
    """Whether ``--json`` is among the options given; asked where they could not be read.

    Examples
    --------
    >>> _wants_json(["slate", "--json"]), _wants_json(["import", "--", "--json"])
    (True, False)
    """
    options = given[: given.index("--")] if "--" in given else given
    return any(option.partition("=")[0] == "--json" for option in options)


def _misused(error: click.ClickException) -> RecsysError:
    """A command line that cannot be read, as a finding: ``E_PARAM`` for a value, ``E_USAGE`` for all else."""
    context = getattr(error, "ctx", None)
    helped = f"{context.command_path} --help" if context is not None else "recsys --help"
    missing = isinstance(error, click.MissingParameter)
    of_value = isinstance(error, click.BadParameter) and not missing
    parameter = getattr(error, "param", None)
    return DataError(
        [
            Finding(
                code="E_PARAM" if of_value else "E_USAGE",
                message=error.format_message(),
                remedy=f"See {helped}.",
                column=parameter.name if parameter is not None else None,
            )
        ]
    )


def _print_refusal(error: RecsysError, as_json: bool) -> None:
    if as_json:
        try:
            return say_document(error.as_json())
        except OSError:
            pass  # what refuses is standard output itself: a full disk behind it
    return _say_findings(error)


def _drop_what_cannot_be_written() -> None:
    """Leave nothing in standard output's buffer that Python would fail to write at the end, and end with another status for."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _say_findings(error: RecsysError) -> None:
    for finding in error.findings:
        click.secho(str(finding), fg="yellow" if finding.code.startswith("W_") else "red", err=True)


def every_figure(document: Document) -> str:
    """The document for a person: its figures, one a line, nested ones indented.

    Examples
    --------
    >>> print(every_figure({"rows": {"users": 1200.0}, "warnings": ["W_SKEW"], "notes": []}))
    rows:
      users: 1,200
    warnings:
      1: W_SKEW
    notes: –
    """
    return "\n".join(_lines(document))


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for key, item in pairs:
        if isinstance(item, dict | list) and item:
            yield f"{indent}{key}:"
            yield from _lines(item, indent + "  ")
        else:
            shown = f"{item:,.4g}" if isinstance(item, float) else item if item not in ({}, [], None) else "–"
            yield f"{indent}{key}: {shown}"


@contextmanager
def progress_bar() -> Iterator[ReportProgress]:
    """A bar on standard error with the stage, the share done, the time passed and the time left."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda step: bar.update(task, description=step.message or step.stage, completed=step.fraction)


def file_content(path: Path) -> bytes:
    """The content of a small file that the person named; of a larger one no more than is refused as too large.

    Raises
    ------
    DataError  E_NOT_FOUND
    """
    try:
        with path.open("rb") as file:
            return file.read(_MOST_READ)
    except FileNotFoundError as error:
        raise DataError.of("E_NOT_FOUND", f"{path} cannot be read: {error.strerror}.", "Give the path of a file.") from error
