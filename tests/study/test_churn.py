"""The windows of a study, as they are used."""

import pytest

from cxmodels.study import ChurnSettings


@pytest.mark.parametrize(
    ("given", "windows"),
    [({}, (30, 90, 180)), ({"observation_days": 60}, (30, 60)), ({"windows": [7, 180]}, (7, 180))],
)
def test_experiences_are_counted_in_the_windows_of_the_study(given, windows):
    assert ChurnSettings(**given).signal_windows == windows
