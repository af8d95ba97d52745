"""The two-tower model's training step in TensorFlow, with the retrieval task of TensorFlow Recommenders.

The forward pass is that of :mod:`recsys.embeddings.tower`, on the same tensors by the same names.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.embeddings.tower import TOWER_TENSORS
from recsys.evaluation.ranking import entries
from recsys.ids import IntArray
from recsys.models import tensorflow_runtime
from recsys.models.protocol import Float32Array
from recsys.models.two_tower_batches import Batch

Tensors = dict[str, Float32Array]


@dataclass(frozen=True, eq=False, kw_only=True)
class Inputs:
    """Inputs that are the same in every step."""

    movie_codes: sparse.csr_array
    """float32 CSR[n_movies, n_movie_codes]"""
    user_codes: sparse.csr_array
    """float32 CSR[n_users, n_user_codes]"""
    candidate_probability: Float32Array
    """float32[n_movies]: chance of each movie to be a given candidate, for the logQ correction"""
    pooling_exponent: float


def initial_tensors(inputs: Inputs, *, dim: int, hidden: int, scale: float, rng: np.random.Generator) -> Tensors:
    """Initial weights: small random tables, and dense layers that start as the identity (their last weights are 0)."""
    tensors: Tensors = {}
    (n_movies, n_movie_codes), n_user_codes = inputs.movie_codes.shape, inputs.user_codes.shape[1]
    rows = {"movie.id": n_movies, "movie.feature": n_movie_codes, "user.history": n_movies, "user.feature": n_user_codes}
    for name, n in rows.items():
        tensors[name] = (rng.normal(size=(n, dim)) * scale).astype(np.float32)
    for tower in ("movie", "user"):
        tensors[f"{tower}.hidden_weights"] = (rng.normal(size=(dim, hidden)) * np.sqrt(2 / dim)).astype(np.float32)
        tensors[f"{tower}.hidden_bias"] = np.zeros(hidden, dtype=np.float32)
        tensors[f"{tower}.out_weights"] = np.zeros((hidden, dim), dtype=np.float32)
        tensors[f"{tower}.out_bias"] = np.zeros(dim, dtype=np.float32)
    return tensors


@lru_cache(maxsize=1)
def grouped_retrieval() -> type[Any]:
    """The retrieval task of TensorFlow Recommenders for queries with several targets each."""
    tf, tfrs = tensorflow_runtime.tensorflow(), tensorflow_runtime.tensorflow_recommenders()

    class GroupedRetrieval(tfrs.tasks.Retrieval):  # type: ignore[misc, name-defined]
        """The same loss as its parent's, worked out once a query instead of once a target.

        The parent wants a row of scores for every target. Here the targets of a query share one row: what a target has to beat
        is the same for all of them, because no candidate that the query's user has watched may be in it.
        """

        def call(
            self,
            query_embeddings: Any,
            candidate_embeddings: Any,
            *,
            target_queries: Any,
            candidate_sampling_probability: Any,
            score_mask: Any,
        ) -> Any:
            """Sum over targets of −log softmax(score of the target among itself and what its query allows).

            Parameters
            ----------
            query_embeddings : float32[n_queries, dim]
            candidate_embeddings : float32[n_candidates, dim]; candidate t < n_targets is target t
            target_queries : int64[n_targets], query of each target
            candidate_sampling_probability : float32[n_candidates]
            score_mask : bool[n_queries, n_candidates], false where the query's user has watched the candidate
            """
            corrected = tfrs.layers.loss.SamplingProbablityCorrection()
            scores = tf.matmul(query_embeddings, candidate_embeddings, transpose_b=True)
            others = tf.where(score_mask, corrected(scores, candidate_sampling_probability), scores.dtype.min)
            to_beat = tf.gather(tf.reduce_logsumexp(others, axis=1), target_queries)
            n_targets = tf.size(target_queries)
            own = tf.reduce_sum(tf.gather(query_embeddings, target_queries) * candidate_embeddings[:n_targets], axis=1)
            own = corrected(own, candidate_sampling_probability[:n_targets])
            return tf.reduce_sum(tf.math.softplus(to_beat - own))  # −log(eᵒ / (eᵒ + eᵇ)) = log(1 + eᵇ⁻ᵒ)

    return GroupedRetrieval


class _Coded(NamedTuple):
    """Entries of a sparse matrix of codes: row, code, weight, and the number of rows."""

    rows: Any
    codes: Any
    weights: Any
    n_rows: Any


class Arrays(NamedTuple):
    """Tensors fed into a step."""

    context: _Coded
    """attributes of the batch's users, one row a chunk"""
    history_chunks: Any
    history_movies: Any
    content: _Coded
    """attributes of the batch's different movies"""
    movies: Any
    """the different movies"""
    keep_id: Any
    """1 where a movie may be known by its id"""
    candidate_place: Any
    """where among the different movies each candidate is"""
    target_chunks: Any
    allowed: Any


class Forward(NamedTuple):
    """What a forward pass gives, as tensors of TensorFlow."""

    users: Any
    """float32[n_chunks, dim]"""
    candidates: Any
    """float32[n_candidates, dim]"""
    pooled: Any
    """float32[n_chunks, dim]: what the history says"""
    own: Any
    """float32[n_movies, dim]: what the id of each different movie says, where it may be known"""
    content: Any
    """float32[n_movies, dim]: what its attributes say"""


class Trainer:
    """Variables, optimiser and the traced step."""

    def __init__(self, inputs: Inputs, tensors: Tensors, *, learning_rate: float, floor: float, l2: float) -> None:
        self._tf = tf = tensorflow_runtime.tensorflow()
        self._inputs = inputs
        self._l2 = l2
        self._variables = {name: tf.Variable(value, name=name) for name, value in sorted(tensors.items())}
        self._optimiser = tf.keras.optimizers.Adam(learning_rate, epsilon=floor, jit_compile=False)
        self._optimiser.build(list(self._variables.values()))
        self._task = grouped_retrieval()()
        self._probability = tf.constant(inputs.candidate_probability)

        def flat(kind: Any) -> Any:
            return tf.TensorSpec([None], kind)

        coded = _Coded(flat(tf.int64), flat(tf.int64), flat(tf.float32), tf.TensorSpec([], tf.int64))
        fed = Arrays(
            context=coded,
            history_chunks=flat(tf.int64),
            history_movies=flat(tf.int64),
            content=coded,
            movies=flat(tf.int64),
            keep_id=flat(tf.float32),
            candidate_place=flat(tf.int64),
            target_chunks=flat(tf.int64),
            allowed=tf.TensorSpec([None, None], tf.bool),
        )
        self._step = tf.function(self._one_step, input_signature=[fed])

    @property
    def tensors(self) -> Tensors:
        """The weights now."""
        return {name: variable.numpy() for name, variable in self._variables.items()}

    @property
    def optimiser_slots(self) -> list[NDArray[Any]]:
        """The optimiser's state now, step count included."""
        return [variable.numpy() for variable in self._optimiser.variables]

    def restore(self, tensors: Tensors, slots: list[NDArray[Any]]) -> None:
        """Go on from weights and an optimiser state."""
        for name, variable in self._variables.items():
            variable.assign(tensors[name])
        for variable, value in zip(self._optimiser.variables, slots, strict=True):
            variable.assign(value)

    def step(self, batch: Batch, keep_id: NDArray[np.bool_]) -> float:
        """One step; the mean loss of its targets.

        Parameters
        ----------
        batch : what to learn from
        keep_id : bool[n_movies], movies that may be known by their id in this step
        """
        return float(self._step(self.feed(batch, keep_id)))

    def feed(self, batch: Batch, keep_id: NDArray[np.bool_]) -> Arrays:
        """A batch as the arrays that a step is fed."""
        movies, place = np.unique(batch.candidates, return_inverse=True)
        return Arrays(
            context=_coded(self._inputs.user_codes, batch.users),
            history_chunks=batch.history_chunks,
            history_movies=batch.history_movies,
            content=_coded(self._inputs.movie_codes, movies),
            movies=movies,
            keep_id=keep_id[movies].astype(np.float32),
            candidate_place=place.astype(np.int64),
            target_chunks=batch.target_chunks,
            allowed=batch.allowed,
        )

    def forward(self, fed: Arrays) -> Forward:
        """Both towers' vectors of a batch, by the weights now."""
        pooled = self._pooled(fed)
        users = self._dense("user", pooled + self._context(fed))
        own, content = self._known(fed)
        candidates = self._tf.gather(self._dense("movie", own + content), fed.candidate_place)
        return Forward(users=users, candidates=candidates, pooled=pooled, own=own, content=content)

    def _one_step(self, fed: Arrays) -> Any:
        tf, weights = self._tf, self._variables
        with tf.GradientTape() as tape:
            users, candidates, pooled, own, content = self.forward(fed)
            probability = tf.gather(self._probability, tf.gather(fed.movies, fed.candidate_place))
            loss = self._task(
                users,
                candidates,
                target_queries=fed.target_chunks,
                candidate_sampling_probability=probability,
                score_mask=fed.allowed,
            ) / tf.cast(tf.size(fed.target_chunks), tf.float32)
            shrinkage = tf.reduce_mean(tf.reduce_sum(pooled**2, 1)) + tf.reduce_mean(tf.reduce_sum(own**2 + content**2, 1))
            total = loss + self._l2 * shrinkage
        variables = list(weights.values())
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(total, variables)]
        self._optimiser.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def _pooled(self, fed: Arrays) -> Any:
        tf = self._tf
        history = tf.gather(self._variables["user.history"], fed.history_movies)
        count = tf.math.unsorted_segment_sum(tf.ones_like(history[:, :1]), fed.history_chunks, fed.context.n_rows)
        pooled = tf.math.unsorted_segment_sum(history, fed.history_chunks, fed.context.n_rows)
        return pooled * tf.maximum(count, 1.0) ** -self._inputs.pooling_exponent

    def _context(self, fed: Arrays) -> Any:
        return self._summed("user.feature", fed.context)

    def _known(self, fed: Arrays) -> tuple[Any, Any]:
        """What a movie's id says, where it may be known, and what its attributes say."""
        own = self._tf.gather(self._variables["movie.id"], fed.movies) * fed.keep_id[:, None]
        return own, self._summed("movie.feature", fed.content)

    def _summed(self, table: str, coded: _Coded) -> Any:
        tf = self._tf
        weighted = tf.gather(self._variables[table], coded.codes) * coded.weights[:, None]
        return tf.math.unsorted_segment_sum(weighted, coded.rows, coded.n_rows)

    def _dense(self, tower: str, z: Any) -> Any:
        tf = self._tf
        hidden_weights, hidden_bias, out_weights, out_bias = (self._variables[f"{tower}.{name}"] for name in TOWER_TENSORS)
        return z + tf.matmul(tf.nn.relu(tf.matmul(z, hidden_weights) + hidden_bias), out_weights) + out_bias


def _coded(matrix: sparse.csr_array, rows: IntArray) -> _Coded:
    """The codes of some rows."""
    behind, codes = entries(matrix, rows)
    counts = np.diff(matrix.indptr)[rows]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    weights = matrix.data[np.repeat(matrix.indptr[:-1][rows], counts) + within]
    return _Coded(behind, codes, weights.astype(np.float32), np.int64(len(rows)))
