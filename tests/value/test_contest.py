"""One outcome, several predictions: a default gives way only beyond chance, and the sentence says which."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from cxmodels.value.contest import contest_table, displacing, fallbacks, take_one

RNG = np.random.default_rng(8)
SPENT = RNG.gamma(0.5, 60.0, 2_000)
LATER = SimpleNamespace(customers=SPENT, outcome=SPENT, horizon_days=90, as_of=date(2024, 1, 25))
ABOUT = "what 2,000 customers spent in the 90 days after 2024-01-25"


def off(noise, seed=1):
    """A prediction that misses by a factor of so many logarithms."""
    return SPENT * np.exp(noise * np.random.default_rng(seed).standard_normal(len(SPENT)))


def take(candidates, *, asked="auto", usual="mbg-nbd"):
    return take_one(LATER, candidates, asked=asked, usual=usual)


def test_of_several_that_are_better_the_best_displaces_the_default():
    told = {"mbg-nbd": off(2.0), "bg-nbd": off(0.5), "nbd": off(0.1), "pareto-nbd": off(3.0)}
    assert displacing(SPENT, told, default="mbg-nbd") == "nbd"
    assert displacing(SPENT, told, default="nbd") == "nbd"


def test_what_is_as_good_displaces_nothing():
    told = {"mbg-nbd": off(0.5), "bg-nbd": off(0.5, seed=2), "nbd": off(0.5, seed=3)}
    assert displacing(SPENT, told, default="mbg-nbd") == "mbg-nbd"


def test_a_default_that_is_kept_is_not_called_better():
    name, why = take({"mbg-nbd": off(0.5), "past spend": off(0.6)})
    assert name == "mbg-nbd"
    assert why == f"MBG/NBD was kept: no candidate was better by more than chance on {ABOUT}."


def test_the_blend_is_the_default_where_there_is_one():
    name, why = take({"mbg-nbd": off(0.5), "blend": off(0.5, seed=2)})
    assert name == "blend" and why.startswith("'blend' on MBG/NBD was kept")
    assert why.endswith("than MBG/NBD's.") and "its mean error at the right total was" in why


def test_what_is_better_is_named_with_what_it_displaced():
    name, why = take({"mbg-nbd": off(2.0), "blend": off(2.0, seed=2), "lightgbm": off(0.1)})
    assert name == "lightgbm"
    assert why.startswith(
        f"'lightgbm' on MBG/NBD was better than 'blend' on MBG/NBD by more than chance on {ABOUT}"
    )
    assert "% lower than MBG/NBD's" in why


def test_a_base_that_displaced_the_usual_model_is_called_better_than_that():
    assert f"on {ABOUT} BG/NBD was better than MBG/NBD" in take({"bg-nbd": off(0.5)})[1]


@pytest.mark.parametrize(
    ("there", "taken", "said"),
    [(("lightgbm",), "lightgbm", "it was tried on"), ((), "mbg-nbd", "there is too little to learn from")],
)
def test_what_is_asked_for_is_taken_where_it_could_be_learned(there, taken, said):
    name, why = take({"mbg-nbd": off(0.1), **{one: off(2.0) for one in there}}, asked="lightgbm")
    assert name == taken
    assert why.startswith("'lightgbm' was asked for") and said in why


def test_the_table_marks_the_chosen_one_and_names_what_stood_in():
    told = {"mbg-nbd": off(0.5), "blend": off(0.4)}
    table = contest_table(SPENT, told, chosen="blend", labels={"mbg-nbd": "MBG/NBD → NBD"})
    assert table.set_index("model").chosen.to_dict() == {"mbg-nbd": False, "blend": True}
    assert table.label.tolist() == ["MBG/NBD → NBD", "blend"]


def test_models_that_fell_back_for_the_same_reason_share_a_sentence():
    def fitted(note):
        return SimpleNamespace(purchases_model=SimpleNamespace(note=note))

    singles = {
        "bg-nbd": fitted("BG/NBD did not converge; NBD was used."),
        "mbg-nbd": fitted("MBG/NBD did not converge; NBD was used."),
        "nbd": fitted(""),
    }
    assert fallbacks(singles, as_of=date(2024, 1, 25)) == (
        "In the contest, as of 2024-01-25: BG/NBD, MBG/NBD did not converge; NBD was used.",
    )
