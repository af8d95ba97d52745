"""Personas and their drift on disk, as JSON and safetensors."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recsys.embeddings.store import load_arrays, save_arrays
from recsys.errors import ArtefactError
from recsys.segments.drift import PersonaDrift
from recsys.segments.months import Trend
from recsys.segments.personas import Persona, Personas

_PERSONAS, _DRIFT = "personas", "drift"


def save_personas(personas: Personas, drift: tuple[PersonaDrift, ...], folder: Path) -> None:
    """Write personas and drift into a folder."""
    arrays = {"assignment": personas.assignment, "centroids": personas.centroids}
    save_arrays(folder / _PERSONAS, arrays, {"personas": [asdict(persona) for persona in personas.personas]}, kind=_PERSONAS)
    # Infinity has no place in a store: a standard error that is not known is -1 there.
    errors = np.stack([np.where(np.isfinite(d.taste_standard_error), d.taste_standard_error, -1.0) for d in drift])
    trends = [{"active": asdict(d.active), "views_per_active": asdict(d.views_per_active)} for d in drift]
    save_arrays(
        folder / _DRIFT,
        {"taste": np.stack([d.taste for d in drift]), "taste_standard_error": errors},
        {"drift": trends},
        kind=_DRIFT,
    )


def load_personas(folder: Path) -> Personas:
    """Read the personas of a run (its folder ``personas/``).

    Raises
    ------
    ArtefactError  as :func:`recsys.embeddings.store.load_arrays`
    """
    arrays, facts = load_arrays(folder / _PERSONAS, kind=_PERSONAS)
    try:
        personas = Personas(
            personas=tuple(_persona(stored) for stored in facts["personas"]),
            assignment=arrays["assignment"],
            centroids=arrays["centroids"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _incomplete(error) from error
    n = len(personas.personas)
    if len(personas.centroids) != n or not ((personas.assignment >= 0) & (personas.assignment < n)).all():
        raise _incomplete(f"{n} personas, {len(personas.centroids)} centroids")
    return personas


def load_drift(folder: Path) -> tuple[PersonaDrift, ...]:
    """Read the drift of a run's personas, in their order.

    Raises
    ------
    ArtefactError  as :func:`recsys.embeddings.store.load_arrays`
    """
    arrays, facts = load_arrays(folder / _DRIFT, kind=_DRIFT)
    try:
        errors = np.where(arrays["taste_standard_error"] < 0, np.inf, arrays["taste_standard_error"])
        return tuple(
            PersonaDrift(
                active=Trend(**stored["active"]),
                views_per_active=Trend(**stored["views_per_active"]),
                taste=taste,
                taste_standard_error=error,
            )
            for stored, taste, error in zip(facts["drift"], arrays["taste"], errors, strict=True)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _incomplete(error) from error


def _persona(stored: dict[str, Any]) -> Persona:
    return Persona(
        name=stored["name"],
        size=stored["size"],
        traits=tuple((attribute, value, lift) for attribute, value, lift in stored["traits"]),
        favourites=tuple(stored["favourites"]),
        monthly_active=tuple((month, count) for month, count in stored["monthly_active"]),
        monthly_views=tuple((month, count) for month, count in stored["monthly_views"]),
        monthly_growth_share=stored["monthly_growth_share"],
    )


def _incomplete(what: object) -> ArtefactError:
    return ArtefactError.of("E_MANIFEST", f"the personas are incomplete ({what!r}).", "Train again.")
