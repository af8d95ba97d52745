"""What every command shares: the workspace, one document on standard output, refusals with status 2, a progress bar."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from recsys import __version__
from recsys.errors import DataError, RecsysError
from recsys.workspace import Workspace

DEFAULT_WORKSPACE = Path("data/workspace")
Document = dict[str, Any]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="recsys")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
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


def command(function: Callable[..., Document | None], show: Callable[[Document], None] | None = None) -> click.Command:
    """A command that takes the workspace, returns its document, and refuses with status 2.

    ``show`` prints the document for a person; by default all of its figures, one a line.
    """
    return cli.command(name=function.__name__.rstrip("_"))(click.pass_obj(documented(function, show)))


def documented(function: Callable[..., Document | None], show: Callable[[Document], None] | None = None) -> Callable[..., None]:
    """Print what a function returns, as text or as JSON, and end with status 2 where it refuses."""

    @wraps(function)
    def wrapped(workspace: Workspace, as_json: bool, **arguments: Any) -> None:
        with document_only(as_json) as emit:
            try:
                document = function(workspace, **arguments)
            except RecsysError as error:
                emit(error.as_json()) if as_json else _refuse(error)
                sys.exit(2)
            if document is not None:
                emit(document) if as_json else (show or _show)(document)
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
def document_only(as_json: bool) -> Iterator[Callable[[Document], None]]:
    """Keep standard output for the document: whatever libraries print to it goes to standard error meanwhile."""
    if not as_json:
        yield lambda _document: None
        return
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)

    def emit(document: Document) -> None:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        with os.fdopen(os.dup(real), "wb") as out:
            out.write(text.encode())

    try:
        yield emit
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)


def _refuse(error: RecsysError) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for finding in error.findings:
        console.print(str(finding), style="yellow" if finding.code.startswith("W_") else "red", markup=False)


def _show(document: Document) -> None:
    """The document for a person: its figures, one a line, nested ones indented."""
    Console(soft_wrap=True, highlight=False).print("\n".join(_lines(document)), markup=False)


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
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error with the stage, the share done, the time passed and the time left."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)


def text_file(path: Path) -> str:
    """The text of a file that the person named.

    Raises
    ------
    DataError  E_NOT_FOUND, E_ENCODING
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError.of("E_NOT_FOUND", f"{path} cannot be read: {error.strerror}.", "Give the path of a file.") from error
    except UnicodeDecodeError as error:
        raise DataError.of("E_ENCODING", f"{path} is not UTF-8.", "Save it as UTF-8.") from error
