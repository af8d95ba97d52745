"""Import: from any known format to the workspace's tables, all of it or nothing.

Everything is prepared in a hidden folder of the workspace; the last step is a rename. A refused import raises every finding at
once and leaves the workspace as it was; so does a process that is killed.
"""

import codecs
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from recsys import foreign
from recsys.errors import DataError, Finding
from recsys.progress import Progress, ReportProgress, silent
from recsys.tables.arrivals import assumed_arrivals
from recsys.tables.economics_config import Economics, load_economics, parse_economics
from recsys.tables.formats.layout import Layout
from recsys.tables.formats.parsing import define_macros
from recsys.tables.formats.registry import recognise
from recsys.tables.formats.sources import source_files
from recsys.tables.formats.staging import Staged, stage, staging
from recsys.tables.latest_arrivals import LatestArrivals, offer_latest
from recsys.tables.limits import DEFAULT, Limits
from recsys.tables.report import ImportReport, ranges_of
from recsys.tables.split import one_moment
from recsys.tables.store.assembly import as_arrow, fingerprint_of
from recsys.tables.store.event_stream import EventFacts, write_events
from recsys.tables.store.merge import CATALOGUE_TABLES, TablesBuild, carry_over, current_table
from recsys.tables.store.published_tables import build_folder, economics_path, publish
from recsys.tables.validate.events import event_findings, outside_availability, read_events
from recsys.tables.validate.rules import Context
from recsys.tables.validate.small_tables import CheckedTable, check
from recsys.tables.validate.subscription_activity import activity_findings
from recsys.tables.validate.texts import Spellings, spellings_of
from recsys.workspace import Workspace

_ORDER = ("users", "movies", "events", "offers", "subscriptions")


def import_path(
    path: Path,
    workspace: Workspace,
    *,
    format: str | None = None,  # noqa: A002 – the word of the command line
    limits: Limits = DEFAULT,
    progress: ReportProgress = silent,
    now: pd.Timestamp | None = None,
    latest: LatestArrivals | None = None,
) -> ImportReport:
    """Import a folder, a zip or a single file into the workspace.

    Users, movies and events replace all tables of the workspace. Offers, subscriptions or ``economics.toml`` that come alone
    replace their like and are checked against the catalogue that is there.

    Parameters
    ----------
    format : one of :data:`recsys.tables.formats.registry.FORMATS`; None recognises it
    limits : see :class:`recsys.tables.limits.Limits`
    progress : told each step and the share of it that is done
    now : the time (UTC, without zone) after which a date lies in the future; None is the clock's
    latest : offer the latest arrivals, which leave the catalogue with what was watched of them

    Returns
    -------
    ImportReport

    Raises
    ------
    DataError  with every finding at once; E_BUSY where another process is writing
    """
    clock = pd.Timestamp.now("UTC").tz_localize(None) if now is None else now
    with workspace.writing(), build_folder(workspace) as folder:
        scratch = folder.parent / "scratch"
        scratch.mkdir()
        files = source_files(path, scratch / "unpacked", limits)
        layout = recognise(files, format)
        source_bytes = sum(file.path.stat().st_size for file in layout.files)
        with staging(scratch, limits, source_bytes=source_bytes) as connection:
            define_macros(connection)
            job = _Import(
                workspace=workspace,
                layout=layout,
                limits=limits,
                connection=connection,
                build=TablesBuild(folder),
                now=clock,
                progress=progress,
            )
            report = job.run(scratch)
        finished, report = (folder, report) if latest is None else offer_latest(workspace, folder, latest, report, limits)
        publish(workspace, finished)
    return report


class _Import:
    """One import: reads and checks the tables of a layout, and builds the new tables folder."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        layout: Layout,
        limits: Limits,
        connection: duckdb.DuckDBPyConnection,
        build: TablesBuild,
        now: pd.Timestamp,
        progress: ReportProgress,
    ) -> None:
        self._workspace, self._layout, self._limits = workspace, layout, limits
        self._connection, self._build, self._now, self._progress = connection, build, now, progress
        self._findings: list[Finding] = []
        self._assumed: list[str] = list(layout.assumed)
        self._notes: list[str] = [f"{name} was not used" for name in layout.unused]
        self._ranges: dict[str, tuple[Any, Any]] = {}
        self._staged: dict[str, Staged] = {}
        self._frames: dict[str, pd.DataFrame] = {}

    def run(self, scratch: Path) -> ImportReport:
        whole = bool(self._layout.tables & set(CATALOGUE_TABLES))
        self._refuse_incomplete(whole)
        economics = self._economics()
        for k, name in enumerate(name for name in _ORDER if name in self._layout.tables):
            self._progress(Progress.share(f"reading {name}", k / len(self._layout.tables)))
            self._stage(name, scratch)
        if whole:
            self._catalogue()
        users, movies = self._known("users"), self._known("movies")
        self._side_tables(economics, users, movies)
        self._plans(economics)
        self._stop_if_refused()
        if whole:
            self._write_catalogue()
        return self._finish(whole, economics)

    def _refuse_incomplete(self, whole: bool) -> None:
        if whole:
            for name in ("movies", "events"):
                if name not in self._layout.tables:
                    self._find("E_NO_TABLE", f"there is no table {name}.", "Movies and events come together.", table=name)
        elif not self._workspace.exists():
            self._find("E_NO_TABLES", "the workspace has no catalogue yet.", "Import users, movies and events first.")
        self._stop_if_refused()

    def _economics(self) -> Economics:
        """The terms that will be in force."""
        path = self._layout.economics
        if path is None:
            return load_economics(economics_path(self._workspace))
        if path.stat().st_size > self._limits.file_bytes:
            self._find("E_TOO_BIG", f"economics.toml has {path.stat().st_size:,} bytes.", "Send the terms only.")
            return load_economics(economics_path(self._workspace))
        content = path.read_bytes()
        if not content.removeprefix(codecs.BOM_UTF8).strip():
            self._find("E_EMPTY", f"{path.name} is empty.", "Send it again, or leave it out.", table="economics")
            return load_economics(economics_path(self._workspace))
        try:
            economics = parse_economics(content)
        except DataError as error:
            self._findings += error.findings
            return load_economics(economics_path(self._workspace))
        self._build.put("economics.toml", content)
        return economics

    def _stage(self, name: str, scratch: Path) -> None:
        file = next(file for file in self._layout.files if file.table == name)
        try:
            staged = stage(self._connection, file, self._limits, scratch)
        except DataError as error:
            self._findings += error.findings
            return
        self._staged[name] = staged
        self._assumed += staged.notes
        self._findings += staged.warnings
        if staged.ignored:
            self._notes.append(f"{name}: nothing was taken from {', '.join(staged.ignored)}")

    def _check(self, name: str, context: Context) -> CheckedTable | None:
        if name not in self._staged:
            return None
        checked = check(self._connection, self._staged[name], context)
        self._findings += checked.findings
        self._assumed += checked.assumed
        return checked

    def _catalogue(self) -> None:
        """Read and check users, movies and events; nothing is written yet."""
        context = Context(now=self._now)
        for name, key in (("users", "user_id"), ("movies", "movie_id")):
            checked = self._check(name, context)
            if checked is not None:
                self._frames[name] = _by_key(checked.frame, key)
        if "users" not in self._layout.tables and "events" in self._staged:
            query = "SELECT DISTINCT user_id FROM raw_events WHERE user_id IS NOT NULL ORDER BY 1"
            self._frames["users"] = self._connection.sql(query).to_arrow_table().to_pandas()
            self._assumed.append("there is no users table: whoever has an event is a user, without attributes")
        if "events" not in self._staged:
            return
        staged = self._staged["events"]
        self._progress(Progress.share("checking events", 0.0))
        read_events(self._connection, staged, self._frames.get("users"), self._frames.get("movies"))
        findings, assumed = event_findings(self._connection, staged, self._now, with_movies="movies" in self._frames)
        self._findings += findings
        self._assumed += assumed
        if "minutes" not in staged.columns:
            what = "rating" if "rating" in staged.columns else "event"
            self._assumed.append(f"events have no minutes: each {what} counts as one view")

    def _known(self, name: str) -> frozenset[str] | None:
        """Ids of users or movies, new or standing; None where that table could not be read."""
        key = "user_id" if name == "users" else "movie_id"
        if name in self._frames:
            return frozenset(self._frames[name][key])
        if self._layout.tables & set(CATALOGUE_TABLES):
            return None
        return frozenset(current_table(self._workspace, name, [key])[key])

    def _side_tables(self, economics: Economics, users: frozenset[str] | None, movies: frozenset[str] | None) -> None:
        spelt = self._spellings()
        context = Context(now=self._now, currency=economics.currency, user_ids=users, movie_ids=movies, spellings=spelt)
        for name in ("offers", "subscriptions"):
            checked = self._check(name, context)
            if checked is not None:
                self._frames[name] = checked.frame
        alone = self._layout.economics is not None and not self._layout.tables & {*CATALOGUE_TABLES, "offers"}
        if alone and (current_table(self._workspace, "offers", ["currency"])["currency"] != economics.currency).any():
            self._find(
                "E_CURRENCY",
                f"the offers in the workspace are not in {economics.currency}.",
                "Import the offers in the new currency together with it.",
                table="economics",
                column="currency",
            )

    def _spellings(self) -> Spellings:
        """Of the catalogue, new or standing; none where it could not be read."""
        if "movies" in self._frames:
            return spellings_of(self._frames["movies"])
        if self._layout.tables & set(CATALOGUE_TABLES):
            return {}
        return spellings_of(current_table(self._workspace, "movies", None))

    def _plans(self, economics: Economics) -> None:
        """Warn of plans without terms, which is no fault of the table, and state how they earn."""
        if "users" in self._frames:
            users = self._frames["users"]
        elif self._layout.economics is not None and not self._layout.tables & set(CATALOGUE_TABLES):
            users = current_table(self._workspace, "users", None)
        else:
            return
        if "plan" not in users:
            return
        known = {plan.name for plan in economics.plans}
        odd = sorted({name for name in users["plan"].dropna().unique() if name not in known})
        if odd:
            self._find(
                "W_PLAN",
                f"the money terms have no plan {', '.join(odd[:5])}; these users count as {economics.default_plan!r}.",
                "Add the plan to economics.toml.",
                table="users",
                column="plan",
            )

    def _write_catalogue(self) -> None:
        users, movies, staged = self._frames["users"], self._frames["movies"], self._staged["events"]
        given = [name for name in ("available_from", "available_until") if name in movies]
        if given:
            self._findings += outside_availability(self._connection)
        path = self._build.folder / "events.parquet"
        sizes = {"n_users": len(users), "n_movies": len(movies)}
        facts = write_events(self._connection, staged, path, **sizes, progress=self._progress)
        self._findings += facts.warnings
        self._refuse_too_small(facts)
        if "available_from" not in movies:
            arrivals, sentence = assumed_arrivals(movies, facts.first_by_movie, int(facts.last.timestamp()))
            self._frames["movies"] = movies.assign(available_from=arrivals)
            self._assumed.append(sentence)
        self._build.add("events", facts.rows, facts.hash)
        self._ranges["events.timestamp"] = (facts.first.isoformat(), facts.last.isoformat())
        self._ranges.update({f"events.{name}": limits for name, limits in facts.ranges.items()})

    def _refuse_too_small(self, facts: EventFacts) -> None:
        users, movies = int((facts.views_by_user > 0).sum()), int((facts.views_by_movie > 0).sum())
        self._findings += self._limits.too_small(users=users, movies=movies, events=facts.rows)
        self._findings += one_moment(self._build.folder / "events.parquet") if facts.rows else []
        self._stop_if_refused()

    def _finish(self, whole: bool, economics: Economics) -> ImportReport:
        """Write the small tables and ``tables.json``."""
        for name, frame in self._frames.items():
            self._build.write(name, as_arrow(frame))
            self._ranges.update(ranges_of(name, frame))
        kept = carry_over(self._workspace, self._build, whole=whole)
        if "subscriptions" in self._frames:
            self._findings += activity_findings(self._build.folder)
            self._stop_if_refused()
        simulated = self._simulation() if whole else kept.simulated
        notes = [*self._notes, *kept.notes]
        assumed = tuple(dict.fromkeys([*kept.assumed, *self._assumed]))
        report = ImportReport(
            format=self._layout.format,
            rows=dict(self._build.rows),
            imported=tuple(sorted({*self._frames, *self._staged, *(["economics"] if self._layout.economics else [])})),
            ranges={**kept.ranges, **self._ranges},
            warnings=tuple(finding for finding in self._findings if finding.code.startswith("W_")),
            assumed=assumed,
            notes=tuple(notes),
            simulated=simulated,
            fingerprint=fingerprint_of(self._build.hashes, economics),
        )
        self._build.seal(simulated=simulated, assumed=assumed, report=report.as_json())
        return report

    def _simulation(self) -> bool:
        """Whether the tables come from a simulated service; its description is kept with them."""
        if self._layout.simulation is None:
            return False
        content = self._layout.simulation.read_bytes()
        try:
            simulated = bool(foreign.json_value(content)["simulated"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError.of("E_WORLD", f"world.json does not say what it is ({error}).", "Make the world again.") from error
        self._build.put("world.json", content)
        return simulated

    def _find(self, code: str, message: str, remedy: str, **place: Any) -> None:
        self._findings.append(Finding(code=code, message=message, remedy=remedy, **place))

    def _stop_if_refused(self) -> None:
        errors = [finding for finding in self._findings if finding.code.startswith("E_")]
        if errors:
            raise DataError(errors)


def _by_key(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Sorted by id, each id once: what events are compared with even where the table itself is refused."""
    return frame[frame[key].notna()].drop_duplicates(key).sort_values(key, ignore_index=True)
