"""Real exports come through the door: what can be read is read, what cannot is set aside with the reason."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from cxmodels.tables import DataError


def test_canonical_columns_have_canonical_names_and_types(see_csv):
    seen = see_csv("id,day,net,shop\n007,2025-12-31,12.50,Oslo\n")
    schema = seen.tables.transactions.schema()
    assert dict(schema.items()).keys() == {"customer_id", "timestamp", "amount"}
    assert str(schema["timestamp"]) == "timestamp(6)"
    assert str(schema["amount"]) == "float64"


def test_columns_under_their_canonical_names_need_no_mapping(see_csv):
    seen = see_csv("customer_id,timestamp,amount,channel\n7,2025-12-31,5,web\n", columns={})
    assert seen.tables.transactions.to_pyarrow().to_pylist()[0]["channel"] == "web"


def test_other_columns_come_along_under_the_name_that_the_study_gives(see_csv):
    columns = {"customer_id": "id", "timestamp": "day", "amount": "net", "colour": "farbe"}
    seen = see_csv("id,day,net,farbe\n7,2025-12-31,5,rot\n", columns=columns)
    assert seen.tables.transactions.to_pyarrow().to_pylist()[0]["colour"] == "rot"


def test_leading_zeros_of_ids_stay(see_csv):
    assert see_csv("id,day,net\n007,2025-12-31,1\n7,2025-12-31,1\n").ids == ["007", "7"]


def test_blanks_around_ids_do_not_make_two_customers(see_csv):
    assert see_csv("id,day,net\n 7,2025-12-31,1\n7\u00a0,2025-12-31,1\n").ids == ["7", "7"]


def test_semicolons_and_decimal_commas_are_found(see_csv):
    assert see_csv("id;day;net\n1;31.12.2025;12,50\n2;01.01.2026;3,00\n").amounts == [12.5, 3.0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1 234,50", 1234.5),
        ("1\u00a0234,50", 1234.5),
        ("1\u202f234,50", 1234.5),
        ("1.234,50", 1234.5),
        ("1'234,50", 1234.5),
        ("1’234,50", 1234.5),
        ("1234,50", 1234.5),
        ("-1.234.567,5", -1234567.5),
        ("−12,5", -12.5),
        ("12,5-", -12.5),
        ("(12,5)", -12.5),
        (",5", 0.5),
        ("1.234", 1234.0),
    ],
)
def test_numbers_with_a_decimal_comma(see_csv, written, read):
    assert see_csv(f"id;day;net\n1;2025-12-31;{written}\n", decimal=",").amounts == [read]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1,234.50", 1234.5),
        ("1,234", 1234.0),
        ("1 234.5", 1234.5),
        ("1'234'567.5", 1234567.5),
        ("1e3", 1000.0),
    ],
)
def test_numbers_with_a_decimal_point(see_csv, written, read):
    assert see_csv(f"id;day;net\n1;2025-12-31;{written}\n", decimal=".").amounts == [read]


@pytest.mark.parametrize(
    "written", ["1.23.4", "12,345,6", "1,23", "abc", "1_000", "inf", "€ 5", "--5", "1 23"]
)
def test_what_is_no_number_is_set_aside(see_csv, written):
    seen = see_csv(f"id;day;net\n1;2025-12-31;5.0\n2;2025-12-31;{written}\n", decimal=".", max_bad_share=0.5)
    assert seen.amounts == [5.0]
    assert seen.aside == [(2, "amount is no number")]
    assert json.loads(seen.raw[0]) == {"id": "2", "day": "2025-12-31", "net": written}


@pytest.mark.parametrize("sign", ["1.234", "1,234"])
def test_thousands_or_decimals_that_nothing_settles_are_not_guessed(see_csv, sign):
    with pytest.raises(DataError, match=r'nobody can tell .*Write decimal = "\." or decimal = ","'):
        see_csv(f"id;day;net\n1;2025-12-31;{sign}\n2;2025-12-31;7\n")


def test_one_telling_value_settles_the_decimal_sign(see_csv):
    assert see_csv("id;day;net\n1;2025-12-31;1.234\n2;2025-12-31;7,5\n").amounts == [1234.0, 7.5]
    assert see_csv("id;day;net\n1;2025-12-31;1.234\n2;2025-12-31;7.5\n").amounts == [1.234, 7.5]


def test_decimal_signs_that_contradict_each_other_are_refused(see_csv):
    with pytest.raises(DataError, match=r"contradict.*'7\.5'.*'8,5'"):
        see_csv("id;day;net\n1;2025-12-31;7.5\n2;2025-12-31;8,5\n")


def test_stated_thousands_tell_the_decimal_sign(see_csv):
    assert see_csv("id;day;net\n1;2025-12-31;1.234\n", thousands=".").amounts == [1234.0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("31.12.2025", "2025-12-31 00:00:00"),
        ("31/12/2025 23:59", "2025-12-31 23:59:00"),
        ("31-12-2025 23:59:58", "2025-12-31 23:59:58"),
        ("12/31/2025", "2025-12-31 00:00:00"),
        ("12/31/2025 1:05 PM", "2025-12-31 13:05:00"),
        ("2025-12-31T10:11:12", "2025-12-31 10:11:12"),
        ("2025/12/31", "2025-12-31 00:00:00"),
        ("20251231", "2025-12-31 00:00:00"),
        ("31 Dec 2025", "2025-12-31 00:00:00"),
        ("December 31, 2025", "2025-12-31 00:00:00"),
        ("05.05.2025", "2025-05-05 00:00:00"),
    ],
)
def test_dates_that_can_be_read_one_way_are_read(see_csv, written, read):
    assert see_csv(f'id;day;net\n1;"{written}";5\n').moments == [read]


def test_one_telling_date_settles_the_order(see_csv):
    seen = see_csv("id;day;net\n1;01.02.2025;5\n2;25.02.2025;5\n")
    assert seen.moments == ["2025-02-01 00:00:00", "2025-02-25 00:00:00"]
    seen = see_csv("id;day;net\n1;01/02/2025;5\n2;02/25/2025;5\n")
    assert seen.moments == ["2025-01-02 00:00:00", "2025-02-25 00:00:00"]


def test_day_and_month_that_nothing_settles_are_not_guessed(see_csv):
    with pytest.raises(DataError, match=r"tell day from month in column 'day'.*date_format = \"%d\.%m\.%Y\""):
        see_csv("id;day;net\n1;01.02.2025;5\n2;03.02.2025;5\n")


def test_orders_that_contradict_each_other_are_refused(see_csv):
    with pytest.raises(
        DataError, match="contradict each other: '25/02/2025' has the day first, '02/25/2025'"
    ):
        see_csv("id;day;net\n1;25/02/2025;5\n2;02/25/2025;5\n")


def test_a_stated_format_is_the_only_one(see_csv):
    seen = see_csv("id;day;net\n1;01.02.25;5\n2;2025-02-03;5\n", date_format="%d.%m.%y", max_bad_share=0.5)
    assert seen.moments == ["2025-02-01 00:00:00"]
    assert seen.aside == [(2, "timestamp is no date")]


def test_two_digit_years_need_a_format(see_csv):
    with pytest.raises(DataError, match=r"no value of column 'day' is a date.*'31\.12\.25'.*date_format"):
        see_csv("id;day;net\n1;31.12.25;5\n")


def test_counts_since_1970_need_a_format(see_csv):
    assert see_csv("id;day;net\n1;1735689600;5\n", date_format="epoch").moments == ["2025-01-01 00:00:00"]
    with pytest.raises(DataError, match="'epoch' or 'epoch_ms'"):
        see_csv("id;day;net\n1;1735689600;5\n")


def test_offsets_are_exact_and_become_the_time_of_the_study(see_csv):
    content = (
        "id,day,net\n1,2025-07-01T12:00:00Z,5\n2,2025-07-01 12:00:00+02:00,5\n3,2025-07-01 12:00:00 -0330,5\n"
    )
    seen = see_csv(content, timezone="Europe/Oslo")
    assert seen.moments == ["2025-07-01 14:00:00", "2025-07-01 12:00:00", "2025-07-01 17:30:00"]


def test_a_stated_zone_is_turned_into_the_zone_of_the_study(see_csv):
    seen = see_csv(
        "id,day,net\n1,2025-07-01 23:30,5\n2,2025-07-01,5\n",
        timezone="Europe/Oslo",
        source_timezone="UTC",
    )
    assert seen.moments == [
        "2025-07-02 01:30:00",
        "2025-07-01 00:00:00",
    ]  # a day without clock stays that day


def test_times_with_and_without_offset_need_a_zone(see_csv):
    mixed = "id,day,net\n1,2025-07-01T12:00:00Z,5\n2,2025-07-01T12:00:00,5\n"
    with pytest.raises(DataError, match=r'mixes times with an offset.*Write timezone = "…"'):
        see_csv(mixed)
    seen = see_csv(mixed, source_timezone="Europe/Oslo")
    assert seen.moments == ["2025-07-01 12:00:00", "2025-07-01 10:00:00"]


def test_rows_after_as_of_are_kept_since_they_are_only_not_yet_known(see_csv):
    seen = see_csv("id,day,net\n1,2025-06-30 23:59,5\n2,2025-07-01 00:00,5\n", as_of=date(2025, 6, 30))
    assert len(seen.ids) == 2
    assert seen.check.after_as_of == 1


def test_rows_recorded_after_as_of_are_not_yet_known_either(see_csv):
    content = (
        "customer_id,timestamp,recorded_at,kind\n1,2025-06-29,2025-06-30 23:59,outage\n"
        "2,2025-06-29,2025-07-01 00:00,outage\n3,2025-06-30 12:00,,outage\n"
    )
    seen = see_csv(content, canonical="events", as_of=date(2025, 6, 30))
    assert (seen.check.rows_kept, seen.check.after_as_of) == (3, 1)


def test_dates_after_today_and_before_1900_are_set_aside(see_csv):
    later = date.today() + timedelta(days=400)
    content = f"id,day,net\n1,2025-06-30,5\n2,{later},5\n3,1899-12-31,5\n4,2025-02-30,5\n"
    seen = see_csv(content, max_bad_share=0.9)
    assert seen.aside == [
        (2, "timestamp lies in the future"),
        (3, "timestamp lies before 1900"),
        (4, "timestamp is no date"),
    ]


@pytest.mark.parametrize("nothing", ["", "NULL", "nan", "N/A", "  ", "None"])
def test_missing_ids_and_amounts_are_set_aside(see_csv, nothing):
    seen = see_csv(
        f"id,day,net\n{nothing},2025-06-30,5\n2,2025-06-30,{nothing}\n3,2025-06-30,5\n", max_bad_share=0.9
    )
    assert seen.ids == ["3"]
    assert seen.aside == [(1, "customer_id is missing"), (2, "amount is missing")]


def test_refunds_and_zeros_are_kept_and_counted(see_csv):
    seen = see_csv("id,day,net\n1,2025-06-30,-5\n2,2025-06-30,0\n3,2025-06-30,5\n")
    assert seen.amounts == [-5.0, 0.0, 5.0]
    assert (seen.check.refunds, seen.check.zero_amounts) == (1, 1)


def test_duplicate_lines_are_counted_and_kept(see_csv):
    seen = see_csv("id,day,net,x\n1,2025-06-30,5,a\n1,2025-06-30,5,a\n1,2025-06-30,5,b\n1,2025-06-30,5,a\n")
    assert len(seen.ids) == 4
    assert seen.check.duplicates == 2


def test_duplicate_lines_are_dropped_where_the_study_says_so(see_csv):
    seen = see_csv("id,day,net\n1,2025-06-30,5\n1,2025-06-30,5\n2,2025-06-30,5\n", duplicates="drop")
    assert seen.ids == ["1", "2"]
    assert seen.aside == [(2, "duplicate of an earlier line, dropped as the study says")]
    assert (seen.check.dropped, seen.check.set_aside, seen.check.bad_share) == (1, 0, 0.0)


def test_an_amount_may_be_computed_from_columns(see_csv):
    columns = {"customer_id": "id", "timestamp": "day", "amount": 'Quantity * ("Unit Price" - 0.5) / 2'}
    seen = see_csv("id;day;Quantity;Unit Price\n1;2025-06-30;4;2,50\n", columns=columns)
    assert seen.amounts == [4.0]


def test_an_amount_with_a_missing_or_unreadable_part_is_set_aside(see_csv):
    columns = {"customer_id": "id", "timestamp": "day", "amount": "q * p"}
    content = "id;day;q;p\n1;2025-06-30;;2.5\n2;2025-06-30;x;2.5\n3;2025-06-30;2;2.5\n"
    seen = see_csv(content, columns=columns, max_bad_share=0.9)
    assert seen.amounts == [5.0]
    assert seen.aside == [(1, "amount is missing"), (2, "amount is no number")]


def test_a_division_by_zero_is_set_aside(see_csv):
    columns = {"customer_id": "id", "timestamp": "day", "amount": "q / p"}
    seen = see_csv("id;day;q;p\n1;2025-06-30;1;0\n2;2025-06-30;1;2\n", columns=columns, max_bad_share=0.5)
    assert seen.amounts == [0.5]
    assert len(seen.aside) == 1


def test_where_and_exclude_leave_rows_out_without_calling_them_bad(see_csv):
    content = "id,day,net,code\n1,2025-06-30,5,A\n2,2025-06-30,50,A\n3,2025-06-30,5,POST\n"
    seen = see_csv(content, where="net < 10", exclude=["code IN ('POST', 'M')"], max_bad_share=0.0)
    assert seen.ids == ["1"]
    assert [reason for _, reason in seen.aside] == [
        "left out by the study: where net < 10",
        "left out by the study: exclude code IN ('POST', 'M')",
    ]
    assert (seen.check.left_out, seen.check.set_aside) == (2, 0)


def test_reading_stops_when_more_than_the_stated_share_is_bad(see_csv):
    content = "id,day,net\n" + "1,2025-06-30,5\n" * 8 + ",2025-06-30,5\n" * 2
    assert len(see_csv(content, max_bad_share=0.2).ids) == 8
    with pytest.raises(
        DataError, match=r"2 of 10 rows \(20\.0%\).*max_bad_share = 0\.19.*customer_id is missing"
    ):
        see_csv(content, max_bad_share=0.19)


def test_an_unknown_column_is_refused_with_the_nearest_and_all_there_are(see_csv):
    columns = {"customer_id": "CustomerId", "timestamp": "day", "amount": "net"}
    with pytest.raises(DataError) as error:
        see_csv("customer id,day,net\n1,2025-06-30,5\n", columns=columns)
    said = str(error.value)
    assert "no column 'CustomerId'" in said or "CustomerId" in said
    assert "Nearest: 'customer id'" in said
    assert "Columns there are: customer id, day, net" in said


def test_a_needed_column_that_nothing_maps_is_named(see_csv):
    with pytest.raises(
        DataError, match=r"\[tables\.transactions\] has no column for: amount.*Columns there are"
    ):
        see_csv("customer_id,timestamp,amont\n1,2025-06-30,5\n", columns={})


def test_only_numbers_can_be_computed(see_csv):
    columns = {"customer_id": "id + 1", "timestamp": "day", "amount": "net"}
    with pytest.raises(DataError, match="customer_id is no number"):
        see_csv("id,day,net\n1,2025-06-30,5\n", columns=columns)


def test_one_customer_with_one_purchase_is_a_table(see_csv):
    assert see_csv("id,day,net\n1,2025-06-30,5\n").check.customers == 1


def test_every_row_is_accounted_for(see_csv):
    content = "id,day,net\n1,2025-06-30,5\n1,2025-06-30,5\n,2025-06-30,5\n3,2025-06-30,900\n"
    check = see_csv(content, duplicates="drop", where="net < 100", max_bad_share=0.5).check
    assert check.rows_read == 4 == check.rows_kept + check.set_aside + check.left_out + check.dropped


@pytest.mark.parametrize(
    ("table", "content", "reasons"),
    [
        (
            "surveys",
            "customer_id,sent_at,answered_at,metric,score\n1,2025-01-02,2025-01-01,nps,9\n2,2025-01-02,,nps,\n"
            "3,2025-01-02,,stars,5\n",
            ["answered_at lies before sent_at", "metric is none of nps, ces, csat, nes, lba"],
        ),
        (
            "contracts",
            "customer_id,start_date,end_date,monthly_fee\n1,2025-01-02,2025-01-01,9\n2,2025-01-02,2099-01-01,9\n",
            ["end_date lies before start_date"],
        ),
        (
            "treatments",
            "customer_id,timestamp,action,propensity\n1,2025-01-02,call,0\n2,2025-01-02,call,1.2\n3,2025-01-02,call,1\n",
            ["propensity is not above 0", "propensity is above 1"],
        ),
        (
            "snapshot",
            "customer_id,churned\n1,Yes\n2,no\n3,perhaps\n",
            ["churned is no yes or no"],
        ),
        (
            "contacts",
            "customer_id,timestamp,channel,reason,wait_minutes\n1,2025-01-02,web,bill,-3\n2,2025-01-02,web,bill,3\n",
            ["wait_minutes is below 0"],
        ),
    ],
)
def test_each_canonical_table_has_its_own_rules(see_csv, table, content, reasons):
    seen = see_csv(content, canonical=table, max_bad_share=0.9)
    assert [reason for _, reason in seen.aside] == reasons
    assert seen.check.rows_kept >= 1
