"""A service with known parameters, made once for all the estimators."""

import pytest

from tests.choice.services import Service, service


@pytest.fixture(scope="session")
def truth() -> Service:
    return service(n_users=1200, n_movies=150, occasions=10.0, seed=1)
