"""The windows of a study, as they are used."""

from datetime import date

import pytest

from cxmodels.study import ChurnSettings


@pytest.mark.parametrize(
    ("given", "windows"),
    [({}, (30, 90, 180)), ({"observation_days": 60}, (30, 60)), ({"windows": [7, 180]}, (7, 180))],
)
def test_experiences_are_counted_in_the_windows_of_the_study(given, windows):
    assert ChurnSettings(**given).signal_windows == windows


def test_a_direction_is_up_or_down():
    assert ChurnSettings(monotone={"outages": "up"}).monotone == {"outages": "up"}
    with pytest.raises(ValueError, match="'up' or 'down'"):
        ChurnSettings(monotone={"outages": "rising"})


def test_the_horizon_begins_on_the_day_after_the_gap():
    settings = ChurnSettings(gap_days=14, horizon_days=90)
    assert settings.period(date(2024, 6, 30)) == (date(2024, 7, 15), date(2024, 10, 12))
    assert ChurnSettings(gap_days=0, horizon_days=1).period(date(2024, 6, 30)) == (date(2024, 7, 1),) * 2
