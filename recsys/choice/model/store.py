"""A calibrated choice model on disk: one safetensors file with a JSON beside it (:mod:`recsys.embeddings.store`).

What is one figure a user and draw is stored once for every draw that shares it, and in float32 where seven digits are plenty;
arrays are mapped, not read.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.choice.model.parameters import ChoiceModel, Draw, Estimate, Member
from recsys.embeddings.features import FeatureSpace
from recsys.embeddings.store import Arrays, load_arrays, save_arrays
from recsys.errors import ArtefactError
from recsys.ids import IdMap

_STEM = "choice"
_KIND = "choice"
_PER_DRAW = (
    "appeal",
    "outside_constant",
    "occasions",
    "launch_curve",
    "churn_intercept",
    "cold_appeal_coefficients",
)
_SCALARS = ("member", "score_slope", "dissimilarity", "rewatch", "depletion", "churn_hours_slope", "cold_appeal_shift", "ageing")
_ARRAYS = (
    "nests",
    "nest_centroids",
    "content",
    "hours_per_view",
    "available",
    "months_on_service",
    "watched_indptr",
    "watched_indices",
)
_STILL_THERE = "still_there"
"""Not there where subscriptions are known."""
_FACTS = ("completion", "cold_appeal_residual_sd", "support_distance", "simulated", "fingerprint")
_SMALL = ("watched_indices", "watched_indptr", "nests", "months_on_service")
_REMEDY = "Train again, or copy the run again from where it came."


def save(choice: ChoiceModel, folder: Path) -> None:
    """Write a choice model into a folder.

    Raises
    ------
    ArtefactError  E_NONFINITE: a parameter is NaN or infinite
    """
    arrays: Arrays = {name: _compact(name, getattr(choice, name)) for name in _ARRAYS}
    if choice.still_there is not None:
        arrays[_STILL_THERE] = _compact(_STILL_THERE, choice.still_there)
    for index, member in enumerate(choice.members):
        arrays[f"members/{index}/users"] = member.users
        arrays[f"members/{index}/movies"] = member.movies
        arrays[f"members/{index}/cold_map"] = member.cold_map
    places: dict[str, list[int]] = {}
    for name in _PER_DRAW:
        rows = [getattr(draw, name).astype(np.float32) for draw in choice.draws]
        distinct = {row.tobytes(): row for row in rows}
        place = {content: index for index, content in enumerate(distinct)}
        places[name] = [place[row.tobytes()] for row in rows]
        arrays[f"draws/{name}"] = np.stack(list(distinct.values()))
    facts: dict[str, Any] = {name: getattr(choice, name) for name in _FACTS}
    facts |= {
        "user_ids": list(choice.user_ids.ids),
        "movie_ids": list(choice.movie_ids.ids),
        "nest_names": list(choice.nest_names),
        "features": choice.features.as_json(),
        "estimates": [asdict(estimate) for estimate in choice.estimates],
        "n_members": len(choice.members),
        "draws": [{name: getattr(draw, name) for name in _SCALARS} for draw in choice.draws],
        "draw_rows": places,
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_arrays(folder / _STEM, arrays, facts, kind=_KIND)


def load(folder: Path) -> ChoiceModel:
    """Read what :func:`save` wrote; arrays are read-only.

    Raises
    ------
    ArtefactError
        E_NOT_FOUND, E_FORMAT, E_HASH, E_VERSION, E_NONFINITE: as :func:`recsys.embeddings.store.load_arrays`;
        E_MANIFEST: incomplete, or arrays that do not fit together
    """
    arrays, facts = load_arrays(folder / _STEM, kind=_KIND)
    try:
        choice = _assemble(arrays, facts)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArtefactError.of("E_MANIFEST", f"{folder.name}: the choice model is incomplete ({error!r}).", _REMEDY) from error
    _check_shapes(choice, folder.name)
    return choice


def _assemble(arrays: Arrays, facts: dict[str, Any]) -> ChoiceModel:
    members = tuple(
        Member(
            users=arrays[f"members/{index}/users"],
            movies=arrays[f"members/{index}/movies"],
            cold_map=arrays[f"members/{index}/cold_map"],
        )
        for index in range(facts["n_members"])
    )
    wide = {name: _read_only(arrays[f"draws/{name}"].astype(np.float64)) for name in _PER_DRAW}
    draws = tuple(
        Draw(**{name: wide[name][facts["draw_rows"][name][index]] for name in _PER_DRAW}, **scalars)
        for index, scalars in enumerate(facts["draws"])
    )
    plain: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    plain |= {name: _read_only(arrays[name].astype(np.int64)) for name in _SMALL}
    plain["hours_per_view"] = _read_only(arrays["hours_per_view"].astype(np.float64))
    if _STILL_THERE in arrays:
        plain[_STILL_THERE] = _read_only(arrays[_STILL_THERE].astype(np.float64))
    return ChoiceModel(
        user_ids=IdMap(facts["user_ids"]),
        movie_ids=IdMap(facts["movie_ids"]),
        members=members,
        draws=draws,
        nest_names=tuple(facts["nest_names"]),
        features=FeatureSpace.from_json(facts["features"]),
        estimates=tuple(Estimate(**estimate) for estimate in facts["estimates"]),
        **plain,
        **{name: facts[name] for name in _FACTS},
    )


def _compact(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if name in _SMALL:
        return array.astype(np.int32) if array.size == 0 or array.max() < 2**31 else array
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


def _check_shapes(choice: ChoiceModel, where: str) -> None:
    n_users, n_movies, width = choice.n_users, choice.n_movies, choice.content.shape[1]
    n_nests, n_codes = len(choice.nest_names), choice.features.n_codes
    found: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "nests": (choice.nests.shape, (n_movies,)),
        "nest_centroids": (choice.nest_centroids.shape, (n_nests, width)),
        "content": (choice.content.shape, (n_movies, width)),
        "hours_per_view": (choice.hours_per_view.shape, (n_movies,)),
        "available": (choice.available.shape, (n_movies,)),
        "months_on_service": (choice.months_on_service.shape, (n_movies,)),
        "watched_indptr": (choice.watched_indptr.shape, (n_users + 1,)),
    }
    if choice.still_there is not None:
        found[_STILL_THERE] = (choice.still_there.shape, (n_users,))
    for index, member in enumerate(choice.members):
        dim = member.users.shape[-1]
        found[f"members/{index}/users"] = (member.users.shape, (n_users, dim))
        found[f"members/{index}/movies"] = (member.movies.shape, (n_movies, dim))
        found[f"members/{index}/cold_map"] = (member.cold_map.shape, (1 + n_codes, dim))
    for index, draw in enumerate(choice.draws):
        found[f"draws/{index}/appeal"] = (draw.appeal.shape, (n_movies,))
        found[f"draws/{index}/cold_appeal_coefficients"] = (draw.cold_appeal_coefficients.shape, (1 + n_codes,))
        for name in ("outside_constant", "occasions", "churn_intercept"):
            found[f"draws/{index}/{name}"] = (getattr(draw, name).shape, (n_users,))
    wrong = [f"{name} is {list(is_)}, not {list(should)}" for name, (is_, should) in found.items() if is_ != should]
    members_named = all(0 <= draw.member < len(choice.members) for draw in choice.draws)
    nests_named = not n_movies or (choice.nests.min() >= 0 and choice.nests.max() < n_nests)
    rows_named = choice.watched_indptr[-1] == len(choice.watched_indices)
    if wrong or not choice.draws or not (members_named and nests_named and rows_named):
        raise ArtefactError.of("E_MANIFEST", f"{where}: {'; '.join(wrong) or 'rows that do not exist are named'}.", _REMEDY)
