"""``recsys export`` and its parts: make a bundle, check one, make a key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recsys.cli.audit import noted
from recsys.cli.frame import Document, GivenPath, command_with_parts, documented, progress_bar
from recsys.workspace import Workspace


@command_with_parts
@click.option("--to", type=GivenPath(), help="Folder of the channel; exports/<workspace> by default.")
@click.option("--quantise", type=click.Choice(["float16", "uint8"]), help="Smaller files; the loss is measured and written down.")
@click.option(
    "--recall-loss-limit",
    type=click.FloatRange(0.0, 1.0),
    default=0.02,
    show_default=True,
    help="Most of the top 20 that rounding may exchange, as a share; above it nothing is exported.",
)
@click.option(
    "--include-users", is_flag=True, help="Add user vectors under pseudonyms. They are taste records: know who gets them."
)
@click.option(
    "--key",
    "keys",
    type=GivenPath(),
    multiple=True,
    envvar="RECSYS_EXPORT_KEY",
    show_envvar=True,
    help="Sign with it.",
)
@click.option("--unsigned", is_flag=True, help="Without a key, also where the version in force is signed.")
@click.option(
    "--to-postgres",
    metavar="URL",
    envvar="RECSYS_POSTGRES_URL",
    show_envvar=True,
    help="Put it in force in a PostgreSQL database with pgvector, too.",
)
@click.option("--postgres-schema", default="greenlight", show_default=True, help="Schema of the tables and views there.")
@click.option("--notify", "webhook", metavar="URL", help="Post to this address when a new version is in force.")
@click.option("--verify", "check", type=GivenPath(), help="As `recsys export verify`.")
def export(  # noqa: PLR0917  the options of a command
    workspace: Workspace,
    to: Path | None,
    quantise: Any,
    recall_loss_limit: float,
    include_users: bool,
    keys: tuple[Path, ...],
    unsigned: bool,
    to_postgres: str | None,
    postgres_schema: str,
    webhook: str | None,
    check: Path | None,
) -> Document:
    """Make the bundle that phones and the backend consume; sub-commands check bundles and make keys."""
    from recsys.export import bundle, notify, postgres, signature

    if check is not None:
        return bundle.inspect(check).as_json()
    if webhook is not None:
        notify.check(webhook)
    if to_postgres is not None:
        postgres.check(to_postgres)
    private = [] if unsigned else [signature.load_private(path) for path in keys]
    with progress_bar() as report:
        result = bundle.export_bundle(
            workspace,
            to,
            quantise=quantise,
            include_users=include_users,
            recall_loss_limit=recall_loss_limit,
            keys=private,
            unsigned=unsigned,
            progress=report,
        )
        document = result.as_json()
        if to_postgres is not None:
            document["postgres"] = postgres.load(result.folder, to_postgres, schema=postgres_schema, report=report)
    if webhook is not None and result.new and (untold := notify.notify(webhook, result.announcement, private)):
        document["warnings"].append(untold.as_json())
    tastes = ", with users' tastes" if include_users else ""
    return noted(workspace, "export", f"version {result.version} to {result.folder.parent}{tastes}", document)


def export_part(function: Callable[..., Document | None]) -> click.Command:
    """A sub-command of ``recsys export``."""
    return export.command(name=function.__name__)(click.pass_obj(documented(function)))


@export_part
@click.argument("folder", type=GivenPath())
@click.option("--installed", metavar="VERSION", help="Version in use at the receiver: an older bundle is refused.")
@click.option(
    "--public-key",
    "public_keys",
    type=GivenPath(),
    multiple=True,
    envvar="RECSYS_EXPORT_PUBLIC_KEY",
    show_envvar=True,
    help="A .pub file, of which one has to have signed; without any, the report says that nobody looked.",
)
def verify(_workspace: Workspace, folder: Path, installed: str | None, public_keys: tuple[Path, ...]) -> Document:
    """May the bundle in FOLDER (a channel or a version) be installed? The client's `verify` prints the same report."""
    from recsys.export import bundle, signature

    trusted = [signature.load_public(path) for path in public_keys] or None
    return bundle.inspect(folder, installed_version=installed, trusted=trusted).as_json()


@export_part
@click.argument("path", type=GivenPath())
def keygen(_workspace: Workspace, path: Path) -> Document:
    """Make a key to sign bundles with: PATH for the publisher alone, PATH.pub for whoever verifies. Not inside a repository."""
    from recsys.export import signature

    public = signature.make_key(path)
    return {"private_key": str(path), "public_key": str(signature.public_path(path)), "public_hex": public}


@export_part
@click.argument("folder", type=GivenPath())
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Newest versions to keep; the one in force stays anyway.",
)
def prune(_workspace: Workspace, folder: Path, keep: int) -> Document:
    """Remove old versions of the channel in FOLDER, and the files that only they have."""
    from recsys.export.channel import Channel

    channel = Channel(folder)
    removed = channel.prune(keep)
    return {"removed": removed, "kept": channel.versions()}
