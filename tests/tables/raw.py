"""Raw files of a small, valid service, to be spoilt one way at a time."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.tables.import_tables import import_path
from recsys.tables.limits import Limits
from recsys.tables.report import ImportReport
from recsys.workspace import Workspace
from tests import builders

NOW = pd.Timestamp("2024-06-01")


@cache
def _valid() -> tuple[tuple[str, str], ...]:
    return tuple((f"{name}.csv", frame.to_csv(index=False)) for name, frame in builders.tiny_tables().items())


@dataclass
class Raw:
    """The files, as bytes by name, and the limits to import them under."""

    files: dict[str, bytes] = field(default_factory=lambda: {name: text.encode() for name, text in _valid()})
    limits: Limits = field(default_factory=Limits)

    def text(self, name: str) -> str:
        return self.files[f"{name}.csv"].decode()

    def put(self, name: str, content: str | bytes) -> None:
        """Write a whole file; a name without a dot is a CSV table."""
        full = name if "." in name else f"{name}.csv"
        self.files[full] = content.encode() if isinstance(content, str) else content

    def set(self, table: str, row: int | None = None, /, **values: str) -> None:
        """Set values in one row (from 1), or in all; a new column is added, blank elsewhere."""
        lines = list(csv.reader(io.StringIO(self.text(table))))
        for column, value in values.items():
            if column not in lines[0]:
                lines[0].append(column)
                for line in lines[1:]:
                    line.append("")
            place = lines[0].index(column)
            for k, line in enumerate(lines[1:], start=1):
                if row in (None, k):
                    line[place] = value
        self._write(table, lines)

    def drop(self, table: str, column: str) -> None:
        """Leave a column out."""
        lines = list(csv.reader(io.StringIO(self.text(table))))
        place = lines[0].index(column)
        self._write(table, [[cell for k, cell in enumerate(line) if k != place] for line in lines])

    def line(self, table: str, number: int, change: Callable[[str], str]) -> None:
        """Change one line of the file as it stands; 0 is the header."""
        lines = self.text(table).split("\n")
        lines[number] = change(lines[number])
        self.put(table, "\n".join(lines))

    def as_parquet(self, table: str, columns: dict[str, pa.Array] | None = None) -> None:
        """Turn a table into Parquet, with columns of other types where given."""
        frame = pd.read_csv(io.StringIO(self.files.pop(f"{table}.csv").decode()), dtype=str, keep_default_na=False)
        arrow = pa.Table.from_pandas(frame, preserve_index=False)
        for name, values in (columns or {}).items():
            arrow = arrow.drop_columns([name]) if name in arrow.column_names else arrow
            arrow = arrow.append_column(name, values)
        buffer = io.BytesIO()
        pq.write_table(arrow, buffer)
        self.files[f"{table}.parquet"] = buffer.getvalue()

    def rows(self, table: str) -> int:
        return self.text(table).count("\n") - 1

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder

    def load(self, folder: Path) -> tuple[ImportReport, Workspace]:
        """Import it into a new workspace beside the files."""
        workspace = Workspace(folder / "workspace")
        return import_path(self.write(folder / "raw"), workspace, limits=self.limits, now=NOW), workspace

    def _write(self, table: str, lines: list[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        self.put(table, text.getvalue())
