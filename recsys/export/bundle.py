"""Public interface of export bundles: make, publish, inspect.

TensorFlow is loaded by :func:`export_bundle` alone, and only when it converts. A bundle holds the two-tower model, whose user
tower can run on a phone and whose scores are products of two vectors: the movies' vectors (Parquet and safetensors for backends),
two TensorFlow.js graphs, the id map, and golden answers. The matrix factorisation stays at home: it has no vector for a user whom
it was not trained on, and its space is not the tower's.
"""

import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recsys.errors import ArtefactError, Finding
from recsys.export import bundle_build, delta, manifest, signature
from recsys.export.bundle_source import Source, load_source
from recsys.export.channel import Channel
from recsys.export.quantisation import Dtype
from recsys.export.verify import Report, inspect, resolve, verify
from recsys.progress import Progress, ReportProgress, silent
from recsys.workspace import Workspace, write_atomically

__all__ = [
    "BundleStatus",
    "ExportResult",
    "Report",
    "archive",
    "default_channel",
    "export_bundle",
    "inspect",
    "publish",
    "resolve",
    "status",
    "verify",
]

KEY_FILE = "export.key"
_SIGN_IT = "Make a key once (recsys export keygen PATH) and export with --key PATH."
RECALL_LOSS_LIMIT = 0.02
"""Share of the top 20 that rounding may exchange at most."""


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """A published bundle."""

    version: str
    folder: Path
    files: Mapping[str, Mapping[str, Any]]
    """Path → bytes, sha256, and whether a phone needs it."""
    parity: Mapping[str, float]
    """TensorFlow's answers against NumPy's: ``n_histories``, ``max_relative_error``, ``same_top``."""
    recall_loss: float | None
    """Share of the float32 model's top 20 that rounding exchanged; None where nothing was rounded."""
    sizes: Mapping[str, int]
    """Bytes: ``phone``, ``all``, ``vectors`` and ``vectors_float32``."""
    deltas: Sequence[Mapping[str, Any]]
    """From which versions there is a shorter way, and how short."""
    signed_by: tuple[str, ...]
    """Public keys, in hex."""
    new: bool
    """False where this very bundle was in force already."""

    @property
    def phone_bytes(self) -> int:
        """Bytes that a phone downloads."""
        return self.sizes["phone"]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Warnings to the publisher."""
        if self.signed_by:
            return ()
        return (Finding(code="W_UNSIGNED", message="The bundle is not signed: anybody could make another.", remedy=_SIGN_IT),)

    @property
    def announcement(self) -> dict[str, Any]:
        """Body of the webhook call."""
        facts = _read(self.folder)
        return {name: facts[name] for name in ("name", "version", "sequence", "bundle", "simulated")}

    def as_json(self) -> dict[str, Any]:
        """The document of ``recsys export --json``."""
        return {
            "version": self.version,
            "folder": str(self.folder),
            "new": self.new,
            "bytes": dict(self.sizes),
            "parity": dict(self.parity),
            "recall_loss_at_20": self.recall_loss,
            "deltas": [dict(delta) for delta in self.deltas],
            "signed_by": list(self.signed_by),
            "warnings": [finding.as_json() for finding in self.warnings],
            "files": {name: dict(entry) for name, entry in self.files.items()},
        }


@dataclass(frozen=True, kw_only=True)
class BundleStatus:
    """The version in force in a channel, as its manifest describes it; nothing has been verified."""

    folder: Path
    version: str
    run: str
    created: str
    simulated: bool
    n_movies: int
    n_users: int
    dim: int
    dtype: str
    recall_loss: float | None
    max_relative_error: float
    phone_bytes: int
    all_bytes: int
    signed_by: tuple[str, ...]
    """Public keys, in hex."""
    versions: tuple[str, ...]
    """Every version that lies in the channel, oldest first."""


def export_bundle(
    workspace: Workspace,
    to: Path | None = None,
    *,
    quantise: Dtype | None = None,
    include_users: bool = False,
    recall_loss_limit: float = RECALL_LOSS_LIMIT,
    keys: Sequence[Ed25519PrivateKey] = (),
    unsigned: bool = False,
    progress: ReportProgress = silent,
) -> ExportResult:
    """Export the run in use as a new version of a channel; the same run again is the version that is there.

    Parameters
    ----------
    workspace : with a trained run
    to : folder of the channel; ``exports/<name of the workspace's folder>`` where None
    quantise : ``float16`` or ``uint8`` (8 bits a number and a scale a movie); float32 where None
    include_users : add user vectors under pseudonyms that only this workspace's secret can make
    recall_loss_limit : most of the top 20 that rounding may exchange, as a share
    keys : to sign with
    unsigned : without a key, also where the version in force is signed

    Raises
    ------
    ArtefactError
        E_NO_RUN, E_NOT_FOUND, E_STALE, E_MIX: nothing to export; E_RECALL: rounding costs more than the limit;
        E_PARITY: the graphs do not compute what Python computes; E_NONFINITE: NaN in the model;
        E_SIGNATURE: no key, and the version in force is signed; E_BUSY: another export to the same channel is under way
    """
    progress(Progress.share("Reading the run", 0.0))
    source = load_source(workspace)
    root = to if to is not None else default_channel(workspace)
    secret = _secret(workspace.root / KEY_FILE) if include_users else None
    return publish(
        source,
        root,
        dtype=quantise or "float32",
        secret=secret,
        recall_loss_limit=recall_loss_limit,
        keys=keys,
        unsigned=unsigned,
        progress=progress,
    )


def publish(
    source: Source,
    root: Path,
    *,
    dtype: Dtype = "float32",
    secret: bytes | None = None,
    recall_loss_limit: float = RECALL_LOSS_LIMIT,
    keys: Sequence[Ed25519PrivateKey] = (),
    unsigned: bool = False,
    progress: ReportProgress = silent,
) -> ExportResult:
    """As :func:`export_bundle`, from what was read; user vectors go along where a ``secret`` is given."""
    channel = Channel(root)
    if not 0.0 <= recall_loss_limit <= 1.0:
        raise ArtefactError.of("E_PARAM", f"a limit of {recall_loss_limit} is no share.", "Give a number from 0 to 1.")
    options = bundle_build.Options(dtype=dtype, secret=secret, recall_loss_limit=recall_loss_limit)
    bundle = source.bundle_id(options.facts())
    with channel.build_folder() as build:
        version = channel.version_of(bundle)
        if version is not None and inspect(root / version).ok:
            # Published before, perhaps by an export that was killed before it could move the pointer.
            _sign(root / version, keys)
            channel.publish(root / version, version)
            return _result(root / version, new=False)
        previous = _previous(channel, keys, unsigned)
        sequence = channel.next_sequence()
        new = bundle_build.NewVersion(name=channel.name, sequence=sequence, bundle=bundle, previous=previous)
        version = bundle_build.write(build, source, options, new, progress)
        if previous is not None and _read(build)["deltas"]:
            delta.apply(previous, build)
        _sign(build, keys)
        progress(Progress.share("Verifying", 0.9))
        verify(build)
        channel.publish(build, version)
    progress(Progress.share("Done", 1.0))
    return _result(root / version, new=True)


def default_channel(workspace: Workspace) -> Path:
    """Where the command line publishes the bundles of a workspace unless it is told otherwise: below the current folder."""
    return Path("exports") / workspace.root.resolve().name


def status(to: Path) -> BundleStatus | None:
    """The version in force in a channel; None where nothing has been exported there.

    Raises
    ------
    ArtefactError  E_MANIFEST, E_HASH, E_VERSION: the pointer or the manifest cannot be read
    """
    channel = Channel(to)
    if channel.latest() is None:
        return None
    folder = resolve(to)
    facts = _read(folder)
    rounding = facts["quantisation"]
    return BundleStatus(
        folder=folder,
        version=facts["version"],
        run=facts["run"],
        created=facts["created"],
        simulated=facts["simulated"],
        n_movies=facts["counts"]["movies"],
        n_users=facts["counts"]["users"],
        dim=facts["dim"],
        dtype=facts["dtype"],
        recall_loss=rounding["recall_loss_at_20"] if rounding else None,
        max_relative_error=facts["parity"]["max_relative_error"],
        phone_bytes=facts["sizes"]["phone"],
        all_bytes=facts["sizes"]["all"],
        signed_by=_signers(folder),
        versions=tuple(channel.versions()),
    )


def archive(folder: Path, to: Path) -> Path:
    """Pack a version (or a channel's latest) into one uncompressed zip, the same bytes each time, and return its path."""
    folder = resolve(folder)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, path.read_bytes())
    return to


def _result(folder: Path, *, new: bool) -> ExportResult:
    facts = _read(folder)
    rounding = facts["quantisation"]
    return ExportResult(
        version=facts["version"],
        folder=folder,
        files=facts["files"],
        parity=facts["parity"],
        recall_loss=rounding["recall_loss_at_20"] if rounding else None,
        sizes=facts["sizes"],
        deltas=facts["deltas"],
        signed_by=_signers(folder),
        new=new,
    )


def _previous(channel: Channel, keys: Sequence[Ed25519PrivateKey], unsigned: bool) -> Path | None:
    """The version in force, to make a delta from; None where there is none or it is damaged."""
    latest = channel.latest()
    if latest is None:
        return None
    found = inspect(channel.root / latest)
    if found.signed_by and not keys and not unsigned:
        raise ArtefactError.of(
            "E_SIGNATURE",
            f"version {latest} is signed, and this export would not be: devices that know the key would refuse it.",
            "Give the key with --key, or say --unsigned.",
        )
    return channel.root / latest if found.ok else None


def _sign(folder: Path, keys: Sequence[Ed25519PrivateKey]) -> None:
    if keys:
        write_atomically(folder / signature.FILE, signature.sign((folder / manifest.FILE).read_bytes(), keys))


def _signers(folder: Path) -> tuple[str, ...]:
    path = folder / signature.FILE
    return signature.signers((folder / manifest.FILE).read_bytes(), path.read_bytes() if path.is_file() else None)


def _read(folder: Path) -> manifest.Manifest:
    try:
        return manifest.load((folder / manifest.FILE).read_bytes())
    except OSError as error:
        raise ArtefactError.of("E_MANIFEST", f"{folder.name}: {manifest.FILE} is missing.", manifest.REMEDY) from error


def _secret(path: Path) -> bytes:
    """The workspace's secret for pseudonyms, made once, readable by its owner alone."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    secret = path.read_bytes()
    if len(secret) != 32:
        raise ArtefactError.of("E_FORMAT", f"{path.name} is not a secret of 32 bytes.", "Remove it; pseudonyms will then be new.")
    return secret
