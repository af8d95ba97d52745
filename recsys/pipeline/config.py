"""Settings of a training: one frozen value that travels as JSON from the app or the command line to the worker."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from recsys.embeddings.map_fitting import TsneConfig
from recsys.errors import DataError, Finding
from recsys.evaluation.recommender_labels import ALL, train_words
from recsys.ids import MAX_SEED
from recsys.models.factorisation import FactorisationConfig
from recsys.models.two_tower import TwoTowerConfig
from recsys.segments.cluster import ClusterConfig

FORMAT = 5
"""Of a run folder; a change of what a stage makes is a new number, so that no old draft is taken up."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of a training. The same tables and settings give the same run."""

    model: str = ALL
    """``all`` makes a run that can answer scenarios. ``mf`` or ``two-tower`` trains and measures that model alone, to compare;
    such a run is kept but does not come into use, since offers need both."""
    members: int = 8
    """Recommenders of the bootstrap ensemble, beside the one that is trained on everyone."""
    draws: int = 24
    """Complete sets of parameters behind the ranges, the point estimate included."""
    early_share: float = 0.8
    """Share of the events, in order of time, that the model behind the held-out choices is trained on."""
    seed: int = 0
    factorisation: FactorisationConfig = field(default_factory=FactorisationConfig)
    trials: int = 0
    """Settings of matrix factorisation that are tried on views held out of the earlier part; 0 trains with those given."""
    member_iterations: int = 4
    """Rounds of each member, which starts from the model of everyone."""
    two_tower: TwoTowerConfig = field(default_factory=TwoTowerConfig)
    personas: ClusterConfig = field(default_factory=ClusterConfig)
    tsne: TsneConfig = field(default_factory=TsneConfig)
    at: tuple[int, ...] = (10, 20)
    """Lengths of the lists that accuracy is measured on."""

    def __post_init__(self) -> None:
        findings = [
            _finding(name, getattr(self, name), allowed)
            for name, allowed, fine in (
                ("model", f"one of {', '.join(train_words())}", self.model in train_words()),
                ("members", "0 to 64", 0 <= self.members <= 64),
                ("trials", "0 to 500", 0 <= self.trials <= 500),
                ("draws", "1 to 1000", 1 <= self.draws <= 1000),
                ("early_share", "between 0.5 and 0.95", 0.5 <= self.early_share <= 0.95),
                ("seed", f"0 to {MAX_SEED}", 0 <= self.seed <= MAX_SEED),
                ("member_iterations", "1 or more", self.member_iterations >= 1),
                ("at", "one length or more, each from 1", bool(self.at) and min(self.at) >= 1),
            )
            if not fine
        ]
        if findings:
            raise DataError(findings)

    def as_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return document

    @classmethod
    def from_json(cls, document: Any) -> "TrainConfig":
        """Inverse of :meth:`as_json`; what is not named keeps its default.

        Raises
        ------
        DataError  E_CONFIG: not an object, an unknown setting or a wrong type; and what the settings themselves refuse
        """
        return _read(cls, document, "")


Value = TypeVar("Value")


def _read(kind: type[Value], document: Any, place: str) -> Value:
    if not isinstance(document, Mapping):
        raise DataError([_finding(place.rstrip(".") or "config", document, "a JSON object")])
    hints = typing.get_type_hints(kind)
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(document) - known)
    if unknown:
        raise DataError([_finding(place + name, document[name], f"one of {', '.join(sorted(known))}") for name in unknown])
    return kind(**{name: _value(hints[name], value, f"{place}{name}") for name, value in document.items()})


def _value(hint: Any, value: Any, place: str) -> Any:
    if is_dataclass(hint):
        return _read(typing.cast(type[Any], hint), value, place + ".")
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _value(next(o for o in options if o is not type(None)), value, place)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(options[0], each, place) for each in value)
    if hint is float and type(value) is int:
        return float(value)
    if hint in (int, float, str, bool) and type(value) is hint:
        return value
    raise DataError([_finding(place, value, getattr(hint, "__name__", str(hint)))])


def _finding(name: str, value: Any, allowed: str) -> Finding:
    return Finding(
        code="E_CONFIG", message=f"{name} is {value!r}; allowed: {allowed}.", remedy="Change this setting.", column=name
    )


def with_settings(config: TrainConfig, **changes: Any) -> TrainConfig:
    """The settings with some changed; nested ones are named by ``part__setting``.

    Examples
    --------
    >>> with_settings(TrainConfig(), members=2, factorisation__dim=8).factorisation.dim
    8
    """
    for name, value in changes.items():
        part, _, setting = name.partition("__")
        changed = dataclasses.replace(getattr(config, part), **{setting: value}) if setting else value
        config = dataclasses.replace(config, **{part: changed})
    return config
