"""Source files of an import: a folder, a zip or a single file. Nothing outside the scratch folder is ever written."""

import gzip
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from recsys.errors import DataError
from recsys.tables.formats.file_names import is_table
from recsys.tables.limits import MIB, Limits

_IGNORED = ("__MACOSX", "Thumbs.db")


def source_files(path: Path, scratch: Path, limits: Limits) -> dict[str, Path]:
    """Files by name. Where all of them lie in one sub-folder, it is looked into.

    Raises
    ------
    DataError  E_NOT_FOUND, E_TYPE, E_ZIP, E_PATH (a member would land outside the folder), E_RATIO, E_TOO_BIG
    """
    if path.is_dir():
        return _unfolded(_listed(path, limits), scratch, limits)
    if not path.exists():
        raise DataError.of("E_NOT_FOUND", f"there is nothing at {path}.", "Check the path.")
    with path.open("rb") as file:
        magic = file.read(4)
    if path.suffix.lower() == ".zip":
        if magic not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise DataError.of("E_TYPE", f"{path.name} is named .zip but is none.", "Make the zip again.", table=path.name)
        _unpack(path, scratch, limits)
        return _unfolded(_listed(scratch, limits), scratch.with_name("packed"), limits)
    return _unfolded({path.name: path}, scratch, limits)


def _listed(folder: Path, limits: Limits) -> dict[str, Path]:
    """Files by name; folders that are not looked into by their name with a stroke."""
    entries = [entry for entry in sorted(folder.iterdir()) if entry.name not in _IGNORED and not entry.name.startswith(".")]
    files = [entry for entry in entries if entry.is_file()]
    if not files and len(entries) == 1:
        return _listed(entries[0], limits)
    if len(files) > limits.members:
        raise DataError.of(
            "E_TOO_BIG", f"{folder.name} holds {len(files)} files; {limits.members} are allowed.", "Keep one file a table."
        )
    return {f"{entry.name}/" if entry.is_dir() else entry.name: entry for entry in entries}


def _unfolded(files: dict[str, Path], scratch: Path, limits: Limits) -> dict[str, Path]:
    """The files with tables that are packed by gzip unpacked."""
    found: dict[str, Path] = {}
    for name, path in files.items():
        inner = name[:-3]
        if not (name.lower().endswith(".gz") and is_table(inner)):
            found[name] = path
            continue
        if inner in files:
            raise DataError.of("E_TABLE_NAME", f"{name} is there beside {inner}.", "Keep the one that is meant.", table=inner)
        target = scratch / "gz" / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with gzip.open(path) as packed, target.open("wb") as file:
                _copied(packed, file, name, packed_bytes=path.stat().st_size, limits=limits, left=limits.decoded_bytes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError.of("E_ZIP", f"{name} is damaged ({error}).", "Pack it again.", table=name) from error
        found[inner] = target
    return found


def _unpack(archive: Path, scratch: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(archive) as source:
            members = [member for member in source.infolist() if not member.is_dir()]
            if len(members) > limits.members:
                raise DataError.of(
                    "E_TOO_BIG",
                    f"{archive.name} holds {len(members)} files; {limits.members} are allowed.",
                    "Keep one file a table.",
                    table=archive.name,
                )
            left = limits.decoded_bytes
            for member in members:
                left -= _extract(source, member, scratch, limits, left)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise DataError.of("E_ZIP", f"{archive.name} is damaged ({error}).", "Make the zip again.", table=archive.name) from error


def _extract(source: zipfile.ZipFile, member: zipfile.ZipInfo, scratch: Path, limits: Limits, left: int) -> int:
    """Unfold one member, counting what really comes out: sizes that a zip declares can lie."""
    place = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0] or is_link:
        raise DataError.of(
            "E_PATH", f"{member.filename!r} would land outside the folder.", "Zip plain files only.", table=member.filename
        )
    if member.flag_bits & 1:
        raise DataError.of("E_ZIP", f"{member.filename} is encrypted.", "Make the zip without a password.", table=member.filename)
    target = scratch.joinpath(*place.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise DataError.of("E_ZIP", f"{member.filename} is in the zip twice.", "Keep one of them.", table=member.filename)
    with source.open(member) as packed, target.open("wb") as file:
        return _copied(packed, file, member.filename, packed_bytes=member.compress_size, limits=limits, left=left)


def _copied(
    packed: IO[bytes] | gzip.GzipFile, file: IO[bytes], name: str, *, packed_bytes: int, limits: Limits, left: int
) -> int:
    """Bytes that came out of ``packed``; refused where they are too many."""
    largest, ratio = min(limits.file_bytes, left), limits.ratio
    unfolded = 0
    while piece := packed.read(MIB):
        unfolded += len(piece)
        if unfolded > MIB and unfolded > ratio * max(packed_bytes, 1):
            raise DataError.of(
                "E_RATIO", f"{name} unfolds more than {ratio:g} times.", "Send the table itself, not packed.", table=name
            )
        if unfolded > largest:
            raise DataError.of(
                "E_TOO_BIG",
                f"{name} unfolds to more than {largest:,} bytes.",
                "Split off what is not needed, or raise the limit.",
                table=name,
            )
        file.write(piece)
    return unfolded
