import pytest

from tests.drivers.leavers import fit_leavers, make_leavers


@pytest.fixture(scope="session")
def model():
    return fit_leavers(refits=8)


@pytest.fixture(scope="session")
def frame():
    return make_leavers(600, seed=7)
