"""The report of the door sums up all tables in one sentence that agrees with its counts."""

from __future__ import annotations

from datetime import date


def test_what_is_valid_known_and_not_used_is_said_once_for_all(see_csv):
    rows = ["a,2026-01-01,5", "a,2026-01-01,5", "b,2026-02-01,5", "b,2026-07-02,5", ",2026-02-01,5"]
    seen = see_csv(
        "\n".join(["id,day,net", *rows]), duplicates="drop", max_bad_share=0.5, as_of=date(2026, 6, 30)
    )
    assert seen.tables.report.summary == (
        "3 of 5 rows are valid (60.0%), 2 of them known by the as-of date; 1 was set aside as unusable, "
        "1 dropped as equal to an earlier one."
    )
    fates = [sentence for sentence in seen.tables.report.sentences if "row " in sentence]
    assert "transactions: 1 row set aside: customer_id is missing." in fates
    assert any(sentence.startswith("transactions: 1 row not used: duplicate") for sentence in fates)


def test_where_all_is_well_nothing_else_is_said(see_csv):
    summary = see_csv("id,day,net\na,2026-01-01,5\nb,2026-01-02,5").tables.report.summary
    assert summary == "2 of 2 rows are valid (100.0%); none was set aside as unusable."
