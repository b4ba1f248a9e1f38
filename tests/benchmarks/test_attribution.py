import pytest

from benchmarks.attribution import (
    BARE,
    OVERALL,
    PARTS,
    REASONS,
    VALUES,
    fit_model,
    make_customers,
    peak_of_stream,
    time_ways,
    verdicts,
    ways,
)


@pytest.fixture(scope="module")
def model():
    return fit_model(learned=1_500)


def test_verdicts_compare_with_the_bare_call_and_with_a_quarter_of_the_customers():
    seconds = {BARE: [2.0, 2.0, 9.0], VALUES: [2.1, 2.1, 9.0], PARTS: [2.4, 2.4, 9.0]}
    values, parts, memory = verdicts(seconds, once=10.0, four=10.5)
    assert values.measured == pytest.approx(1.05) and values.reached
    assert parts.measured == pytest.approx(1.2) and not parts.reached
    assert memory.measured == pytest.approx(1.05) and memory.reached


def test_every_way_is_run_in_every_round(model):
    seconds = time_ways(ways(model, make_customers(300, seed=3)), repetitions=2)
    assert list(seconds) == [BARE, VALUES, PARTS, OVERALL, REASONS]
    assert all(len(one) == 2 and min(one) > 0.0 for one in seconds.values())


def test_a_stream_holds_one_batch_at_a_time(model):
    assert peak_of_stream(model, batches=4) < 1.1 * peak_of_stream(model, batches=2)
