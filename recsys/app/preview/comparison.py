"""What the phone preview hands to the browser, and what it makes of what comes back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import streamlit as st

from recsys.app.runtime import open_workspace
from recsys.errors import ArtefactError
from recsys.export.bundle import BundleStatus
from recsys.export.manifest import load as load_manifest
from recsys.export.manifest import parse_json
from recsys.export.parity import Parity, Server, compare
from recsys.export.quantisation import Dtype
from recsys.projection.context import ProjectionContext
from recsys.segments.personas import Persona

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig.json"
IDS = "ids.json"
MOST_PERSONAS = 40
MOST_OFFERS = 200
LONGEST_HISTORY = 1000


@dataclass(frozen=True, kw_only=True)
class PreviewBundle:
    """A bundle's files and what the preview can be set to, for the browser."""

    content: bytes
    stamp: str
    """Changes whenever the content does."""


@dataclass(frozen=True, kw_only=True)
class PhoneAnswer:
    """A question that the phone was asked in the browser, with the phone's answer."""

    history: tuple[str, ...]
    context: Mapping[str, str]
    offer: str | None
    ids: tuple[str, ...]
    scores: tuple[float, ...]

    @classmethod
    def of(cls, value: Any, stamp: str) -> "PhoneAnswer | None":
        """Read what the browser sent; None where it is of another bundle, or not what the preview sends."""
        if not isinstance(value, dict) and not hasattr(value, "get"):
            return None
        history, context, offer, ids, scores = map(value.get, ("history", "context", "offer", "ids", "scores"))
        if value.get("stamp") != stamp or not (_texts(history) and _texts(ids) and isinstance(scores, list)):
            return None
        if not (isinstance(context, Mapping) and _texts([*context, *context.values()])):
            return None
        numbers = all(isinstance(score, int | float) for score in scores)
        if not numbers or len(ids) != len(scores) or len(history) > LONGEST_HISTORY or not isinstance(offer, str | None):
            return None
        return cls(history=tuple(history), context=dict(context), offer=offer, ids=tuple(ids), scores=tuple(map(float, scores)))


def preview_bundle(held: BundleStatus) -> PreviewBundle:
    """The bundle in force, with the personas' favourites as histories and the offers as movies to add."""
    projection_context = open_workspace.projection_context()
    return _preview_bundle(str(held.folder), held.version, projection_context.fingerprint, projection_context, held)


def parity(held: BundleStatus, asked: PhoneAnswer) -> Parity | None:
    """Whether Python's answer is the phone's; None where the run that the bundle was made from is gone.

    Raises
    ------
    ArtefactError  the run cannot be read
    """
    projection_context = open_workspace.projection_context()
    opened = open_workspace.workspace()
    if not (opened.runs / held.run).is_dir():
        return None
    server = _server(str(opened.runs / held.run), cast(Dtype, held.dtype))
    added = {}
    if asked.offer is not None:
        row = int(projection_context.offer_ids.rows_or_missing([asked.offer])[0])
        if row < 0:
            return None
        added = {asked.offer: projection_context.offer_content[row].astype(np.float32)}
    known = server.answer(asked.history, context=asked.context, exclude=gone(projection_context), added=added)
    return compare(known, (asked.ids, asked.scores))


def gone(projection_context: ProjectionContext) -> list[str]:
    """Movies that the model knows and the service no longer has."""
    return [
        movie
        for movie, there in zip(projection_context.choice.movie_ids.ids, projection_context.choice.available, strict=True)
        if not there
    ]


@st.cache_resource(max_entries=2, show_spinner="Opening the bundle …")
def _preview_bundle(
    folder: str, version: str, fingerprint: str, _context: ProjectionContext, _held: BundleStatus
) -> PreviewBundle:
    files = _phone_files(Path(folder))
    attributes = parse_json(dict(files)[IDS])["context"]
    facts = {
        "service": open_workspace.workspace().root.resolve().name,
        "simulated": _held.simulated,
        "personas": [
            {"name": persona.name, "history": list(persona.favourites), "context": typical_context(persona, attributes)}
            for persona in sorted(_context.personas.personas, key=lambda persona: -persona.size)[:MOST_PERSONAS]
            if persona.favourites
        ],
        "gone": gone(_context),
        **_offers(_context, _held),
    }
    stamp = hashlib.sha256(f"{version}/{fingerprint}".encode()).hexdigest()[:16]
    sizes = [[name, len(content)] for name, content in files]
    table = json.dumps({"stamp": stamp, "facts": facts, "files": sizes}, ensure_ascii=False, allow_nan=False).encode()
    return PreviewBundle(content=b"".join([f"{len(table):08d}".encode(), table, *(content for _, content in files)]), stamp=stamp)


def typical_context(persona: Persona, attributes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The attributes that are typical of a persona and that the bundle's model knows, the strongest value of each."""
    known = {feature["column"]: feature.get("names", ()) for feature in attributes}
    typical: dict[str, str] = {}
    for name, value, lift in persona.traits:
        if lift > 1 and value in known.get(name, ()):
            typical.setdefault(name, value)
    return typical


def _offers(projection_context: ProjectionContext, held: BundleStatus) -> dict[str, Any]:
    if not len(projection_context.offers):
        return {"offers": [], "no_offers": "There are no offers: bring some in on the Data page."}
    if projection_context.run != held.run or projection_context.offer_content.shape[1] != held.dim:
        return {
            "offers": [],
            "no_offers": "The bundle is of an older model than the offers' vectors: export again to try offers.",
        }
    titles = projection_context.offers["title"].astype(str).tolist()
    named: Sequence[tuple[str, str]] = list(zip(projection_context.offer_ids.ids, titles, strict=True))[:MOST_OFFERS]
    return {
        "offers": [
            {"id": movie, "title": title, "vector": projection_context.offer_content[row].astype(float).tolist()}
            for row, (movie, title) in enumerate(named)
        ],
        "no_offers": "",
    }


def _phone_files(folder: Path) -> list[tuple[str, bytes]]:
    """Manifest, signature where there is one, and the files that a phone needs.

    Raises
    ------
    ArtefactError  E_MANIFEST, E_HASH, E_VERSION: the manifest cannot be read, or a file is gone
    """
    try:
        manifest = (folder / MANIFEST).read_bytes()
        listed = load_manifest(manifest)["files"]
        names = sorted(name for name, entry in listed.items() if entry["phone"])
        signature = [(SIGNATURE, (folder / SIGNATURE).read_bytes())] if (folder / SIGNATURE).is_file() else []
        return [(MANIFEST, manifest), *signature, *((name, (folder / name).read_bytes()) for name in names)]
    except OSError as error:
        raise ArtefactError.of("E_MANIFEST", f"a file of the bundle is gone ({error.filename}).", "Export again.") from error


@st.cache_resource(max_entries=2, show_spinner=False)
def _server(run: str, dtype: Dtype) -> Server:
    return Server.load(Path(run), dtype)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
