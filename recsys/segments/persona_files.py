"""Files of the personas of a run: JSON and safetensors."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from recsys.embeddings.store import load_arrays, save_arrays
from recsys.errors import ArtefactError
from recsys.segments.personas import Persona, Personas

_PERSONAS = "personas"


def save_personas(personas: Personas, folder: Path) -> None:
    """Write personas into a folder."""
    arrays = {"assignment": personas.assignment, "centroids": personas.centroids}
    save_arrays(folder / _PERSONAS, arrays, {"personas": [asdict(persona) for persona in personas.personas]}, kind=_PERSONAS)


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
