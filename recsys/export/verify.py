"""Verification of a bundle before it is installed: every finding is collected, each with its code.

The client's ``verify`` (``exports/client/bin/verify.js``) answers the same question with the same report; a Parquet file's
content is looked into here only.
"""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from recsys.errors import ArtefactError, Finding
from recsys.export import content_checks, signature
from recsys.export.manifest import (
    FILE,
    MAX_BYTES,
    REMEDY,
    VERSION,
    Manifest,
    address,
    check_digest,
    in_order,
    load,
    parse_json,
    rollback,
    sequence_of,
)
from recsys.workspace import sha256_of

LATEST = "latest.json"
UNSIGNED = "Take it only from a place that you trust, or ask the publisher to sign it (recsys export --key)."
FORBIDDEN_SUFFIXES = frozenset(
    {".ckpt", ".h5", ".hdf5", ".joblib", ".keras", ".npy", ".npz", ".pb", ".pickle", ".pkl", ".pt", ".pth", ".zip"}
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Result of a verification."""

    version: str | None
    """None where the manifest cannot be read."""
    bundle: str | None
    n_files: int
    """Files that the manifest lists."""
    n_bytes: int
    signature: signature.State | None
    """None where what lies there cannot be a signature."""
    signed_by: tuple[str, ...]
    """Public keys, in hex."""
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Warnings to a reader who was given no public key."""
        if self.signature == "none":
            return (Finding(code="W_UNSIGNED", message="The bundle is not signed: anybody can have made it.", remedy=UNSIGNED),)
        if self.signature == "unchecked":
            message = "No public key was given: the bundle is intact, and anybody can have made it."
            return (Finding(code="W_UNCHECKED", message=message, remedy="Give the publisher's public key."),)
        return ()

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The report as both command lines print it."""
        return {
            "version": self.version,
            "bundle": self.bundle,
            "ok": self.ok,
            "files": self.n_files,
            "bytes": self.n_bytes,
            "signature": self.signature,
            "signed_by": list(self.signed_by),
            "errors": [finding.as_json() for finding in self.findings],
            "warnings": [finding.as_json() for finding in self.warnings],
        }


def inspect(folder: Path, *, installed_version: str | None = None, trusted: Sequence[str] | None = None) -> Report:
    """Find everything that speaks against a bundle; an empty list of findings means that it can be trusted.

    Parameters
    ----------
    folder : a version's folder, or a channel's (then the version that its ``latest.json`` names)
    installed_version : the version in use at the receiver, as in its manifest
    trusted : public keys in hex, one of which has to have signed the bundle; where None, the report says that nobody looked

    Raises
    ------
    ArtefactError  E_VERSION: ``installed_version`` is not a version
    """
    state: signature.State | None = None
    signed_by: tuple[str, ...] = ()
    try:
        channel, folder = folder, resolve(folder)
        content = _read_manifest(folder)
        check_digest(content)
        # Who made it comes before what it says.
        state, signed_by = signature.check_signatures(content, plain_bytes(folder / signature.FILE), trusted)
        manifest = load(content)
    except ArtefactError as error:
        return Report(
            version=None, bundle=None, n_files=0, n_bytes=0, signature=state, signed_by=signed_by, findings=error.findings
        )
    findings = []
    if folder != channel and folder.name != manifest["version"]:
        findings.append(_finding("E_MIX", f"{LATEST} names {folder.name}, and the manifest there {manifest['version']}."))
    if installed_version is not None:
        findings += filter(None, [rollback(manifest["version"], installed_version)])
    findings += _check_files(folder, manifest)
    if folder != channel:
        findings += _check_blobs(channel, manifest)
    return Report(
        version=manifest["version"],
        bundle=manifest["bundle"],
        n_files=len(manifest["files"]),
        n_bytes=sum(entry["bytes"] for entry in manifest["files"].values()),
        signature=state,
        signed_by=signed_by,
        findings=tuple(findings),
    )


def verify(folder: Path, *, installed_version: str | None = None, trusted: Sequence[str] | None = None) -> Report:
    """Refuse a bundle that cannot be trusted.

    Raises
    ------
    ArtefactError
        E_HASH: a file is not the one that was written; E_MANIFEST: the manifest is missing or unreadable, a file is missing or
        not listed, or a shape differs; E_MIX: files of two bundles; E_ROLLBACK: not newer than what is installed; E_FORMAT: a
        pickle, HDF5, Keras or NumPy file, or a file that is not what its name says; E_NONFINITE: NaN or infinity;
        E_VERSION: made for a newer program; E_SIGNATURE: not signed by a key in ``trusted``, or signatures of something else
    """
    report = inspect(folder, installed_version=installed_version, trusted=trusted)
    if not report.ok:
        raise ArtefactError(report.findings)
    return report


def resolve(folder: Path) -> Path:
    """The version's folder that ``folder`` is, or that its ``latest.json`` points at.

    Raises
    ------
    ArtefactError  E_MANIFEST: neither a manifest nor a readable ``latest.json``
    """
    pointer = plain_bytes(folder / LATEST)
    if pointer is None:
        return folder
    try:
        found = parse_json(pointer)
        version: str = found["version"]
        due = {"schema": 1, "version": version, "sequence": sequence_of(version)} if VERSION.fullmatch(version) else None
        if json.dumps(found, sort_keys=True) != json.dumps(due, sort_keys=True):  # to Python, true is 1
            raise ValueError(version)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{LATEST} does not name a version.", REMEDY) from error
    return folder / version


def plain_bytes(path: Path) -> bytes | None:
    """The bytes of a small plain file, None where there is none; a link, a folder or a pipe in its place holds nothing."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        return None


def _read_manifest(folder: Path) -> bytes:
    content = plain_bytes(folder / FILE)
    if content is None:
        raise ArtefactError.of("E_MANIFEST", f"{FILE} is missing.", REMEDY)
    return content


def _check_blobs(channel: Path, manifest: Manifest) -> Iterator[Finding]:
    """Check that phones, which read by checksum, find in ``blobs/`` what the version's folder holds."""
    for name in sorted(manifest["files"]):
        entry = manifest["files"][name]
        blob = address(name, entry["sha256"])
        if not os.path.lexists(channel / blob):
            yield _finding("E_MANIFEST", f"{blob} is missing.")
        elif not content_checks.is_plain(channel / blob) or sha256_of(channel / blob) != entry["sha256"]:
            yield _finding("E_HASH", f"{blob} is not the file that was written.")


def _check_files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    listed = manifest["files"]
    present = _files_in(folder)
    for name in in_order({*listed, *present} - {FILE, signature.FILE}):
        if name not in listed:
            if PurePosixPath(name).suffix.lower() in FORBIDDEN_SUFFIXES or _forbidden(folder / name):
                yield _finding("E_FORMAT", f"{name} is of a format that no bundle holds.")
            else:
                yield _finding("E_MANIFEST", f"{name} is not in the manifest.")
        elif not present.get(name, False):
            yield _finding("E_MANIFEST", f"{name} is listed and missing.")
        else:
            yield from _check_file(folder, name, manifest)


def _check_file(folder: Path, name: str, manifest: Manifest) -> Iterator[Finding]:
    path, entry = folder / name, manifest["files"][name]
    what = _forbidden(path)
    if what:
        yield _finding("E_FORMAT", f"{name} is {what}, whatever its name says.")
    elif path.stat().st_size != entry["bytes"] or sha256_of(path) != entry["sha256"]:
        # What a Parquet file says of itself the client cannot read; the two reports are to be the same.
        claimed = content_checks.bundle_of(path) if path.suffix != ".parquet" else None
        if content_checks.is_foreign(claimed, manifest["bundle"]):
            yield _finding("E_MIX", f"{name} belongs to another bundle.")
        else:
            yield _finding("E_HASH", f"{name} is not the file that was written.")
    else:
        yield from content_checks.check(folder, name, manifest)


def _files_in(folder: Path) -> dict[str, bool]:
    """Relative path of everything that is not a folder → whether it is a plain file."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in [*files, *(sub for sub in folders if (Path(root) / sub).is_symlink())]:
            path = Path(root) / name
            found[path.relative_to(folder).as_posix()] = content_checks.is_plain(path)
    return found


def _forbidden(path: Path) -> str | None:
    # Weights are bare numbers, whose first bytes mean nothing; nothing but numbers is ever read from them.
    if path.suffix == ".bin" or not content_checks.is_plain(path):
        return None
    with path.open("rb") as file:
        return content_checks.forbidden(file.read(8))


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, remedy=REMEDY)
