"""Checks of a file before it is read as a table: size, file type, encoding."""

import codecs
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import Finding
from recsys.tables.limits import MIB, Limits

PARQUET_MAGIC = b"PAR1"
_KINDS = {
    PARQUET_MAGIC: "Parquet",
    b"PK\x03\x04": "a zip (or a spreadsheet)",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"SQLite": "SQLite",
    b"%PDF": "PDF",
    b"\x89HDF": "HDF5",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x80\x04\x95": "a pickle",
}
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SMALLEST_PARQUET = 12


class TextFault(Exception):  # noqa: N818 – a place in a file, caught here
    """First place at which a file is not valid text: a code and the line, counted from 1 with the header."""

    def __init__(self, code: str, row: int) -> None:
        super().__init__(code, row)
        self.code = code
        self.row = row


def file_findings(path: Path, table: str, limits: Limits) -> list[Finding]:
    """Find everything that bars reading this file as a table; empty where nothing does."""
    size = path.stat().st_size
    if size == 0:
        return [_finding("E_EMPTY", f"{path.name} is empty.", "Send the file again.", table)]
    if size > limits.file_bytes:
        text = f"{path.name} has {size:,} bytes; {limits.file_bytes:,} are allowed."
        return [_finding("E_TOO_BIG", text, "Split off what is not needed, or raise the limit.", table)]
    with path.open("rb") as file:
        head = file.read(16)
    if head in _MARKS:
        return [_finding("E_EMPTY", f"{path.name} is empty but for its byte order mark.", "Send the file again.", table)]
    if path.suffix.lower() == ".parquet":
        return _parquet_faults(path, head, table, limits)
    kind = next((name for magic, name in _KINDS.items() if head.startswith(magic)), None)
    if kind:
        return [_finding("E_TYPE", f"{path.name} is {kind}, not text.", "Send CSV or Parquet under its own extension.", table)]
    return _text_faults(path, head, table)


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8 text."""
    try:
        _scan(path)
    except TextFault as fault:
        return fault.code != "E_ENCODING"
    return True


def _text_faults(path: Path, head: bytes, table: str) -> list[Finding]:
    if head.startswith(_UTF16):
        return [_finding("E_ENCODING", f"{path.name} is UTF-16.", "Save it as UTF-8.", table)]
    try:
        blank = _scan(path)
    except TextFault as fault:
        what = "a NUL byte" if fault.code == "E_NUL" else "bytes that are not UTF-8"
        remedy = "Export the table again." if fault.code == "E_NUL" else "Save it as UTF-8."
        return [
            _finding(fault.code, f"{path.name} holds {what} on line {fault.row}.", remedy, table, rows=(max(fault.row - 1, 1),))
        ]
    return [_finding("E_EMPTY", f"{path.name} holds nothing but blanks.", "Send the file again.", table)] if blank else []


def _scan(path: Path) -> bool:
    """Read the whole file once; whether it is blank. Raises TextFault at the first byte that is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, blank = 1, True
    with path.open("rb") as file:
        while True:
            piece = file.read(4 * MIB)
            nul = piece.find(b"\0")
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                if nul < 0 or nul > error.start:
                    raise TextFault("E_ENCODING", lines + piece[: error.start].count(b"\n")) from error
            if nul >= 0:
                raise TextFault("E_NUL", lines + piece[:nul].count(b"\n"))
            if not piece:
                return blank
            blank = blank and not piece.removeprefix(codecs.BOM_UTF8).strip()
            lines += piece.count(b"\n")


def _parquet_faults(path: Path, head: bytes, table: str, limits: Limits) -> list[Finding]:
    if not head.startswith(PARQUET_MAGIC):
        return [_finding("E_TYPE", f"{path.name} is not Parquet.", "Give it the extension of what it is.", table)]
    try:
        if path.stat().st_size < _SMALLEST_PARQUET:
            raise pa.ArrowInvalid("the file is cut off")
        file = pq.ParquetFile(path)
        schema, metadata = file.schema_arrow, file.metadata
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        return [_finding("E_PARQUET", f"{path.name} is cut off or damaged ({reason}).", "Write it again.", table)]
    findings = [
        _finding("E_SCHEMA", f"the column is nested ({field.type}).", "Join the values by | into text.", table, column=field.name)
        for field in schema
        if pa.types.is_nested(field.type)
    ]
    findings += [
        _finding("E_SCHEMA", f"the column holds {field.type}, which is no text.", "Write it as text.", table, column=field.name)
        for field in schema
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type) or pa.types.is_fixed_size_binary(field.type)
    ]
    declared = sum(metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups))
    least = metadata.num_rows * max(len(schema), 1)
    if max(declared, least) > limits.decoded_bytes:
        text = f"{path.name} decodes to more than {limits.decoded_bytes:,} bytes ({metadata.num_rows:,} rows)."
        findings.append(_finding("E_DECODED_SIZE", text, "Split off what is not needed, or raise the limit.", table))
    return findings


def _finding(
    code: str, message: str, remedy: str, table: str, *, column: str | None = None, rows: tuple[int, ...] = ()
) -> Finding:
    return Finding(code=code, message=message, remedy=remedy, table=table, column=column, rows=rows)
