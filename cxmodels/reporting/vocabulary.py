"""How is each column called, and worded, wherever a table is shown? One heading for one thing."""

from __future__ import annotations

Spec = tuple[str, str] | tuple[str, str, str]

COLUMNS: dict[str, tuple[str, Spec]] = {
    # studies and data
    "setting": ("Setting", ("setting", "text")),
    "value": ("Here", ("value", "text")),
    "meaning": ("What it means", ("meaning", "text")),
    "table": ("Table", ("table", "text")),
    "rows_read": ("Rows read", ("rows_read", "number")),
    "rows_kept": ("Valid", ("rows_kept", "number")),
    "set_aside": ("Set aside", ("set_aside", "number")),
    "left_out": ("Left out", ("left_out", "number")),
    "days": ("First to last day", ("first_day", "last_day", "text")),
    "duplicates": ("Lines equal to an earlier one", ("duplicates", "number")),
    "refunds": ("Refunds", ("refunds", "number")),
    "zero_amounts": ("Amount zero", ("zero_amounts", "number")),
    "after_as_of": ("After the as-of date", ("after_as_of", "number")),
    "reason": ("Reason", ("reason", "text")),
    "rows": ("Rows", ("rows", "number")),
    "example": ("Example", ("example", "text")),
    "question": ("Question", ("question", "text")),
    "notebook": ("Notebook", ("notebook", "text")),
    "answered": ("Can be answered", ("answerable", "flag")),
    "why": ("Why", ("why", "text")),
    # models
    "model": ("Model", ("model", "text")),
    "model_label": ("Model", ("label", "text")),
    "error_at_total": ("Mean error at the right total", ("mae_at_total", "money")),
    "mean_error": ("Mean error a customer", ("mae", "money")),
    "rank_correlation": ("Rank correlation", ("spearman", "number")),
    "top_tenth": ("Spend caught by top tenth", ("top_tenth", "share")),
    "total_ratio": ("Predicted ÷ actual total", ("total_ratio", "number")),
    "coverage": ("Outcomes in 90% interval", ("coverage", "share")),
    "width": ("Mean width of interval", ("width", "money")),
    "predicted_total": ("Predicted", ("clv", "money")),
    "total_interval": ("90% interval", ("low", "high", "money")),
    "actual": ("Actual", ("actual", "money")),
    "covered": ("Inside", ("covered", "flag")),
    # groups of customers
    "segment": ("Segment", ("segment", "text")),
    "value_tier": ("Value tier", ("value_tier", "text")),
    "lifecycle": ("Lifecycle", ("lifecycle", "text")),
    "group": ("Group", ("group", "text")),
    "kind": ("Kind", ("kind", "text")),
    "name": ("Name", ("name", "text")),
    "rule": ("Rule", ("rule", "text")),
    "action": ("What to do", ("action", "text")),
    "customers": ("Customers", ("customers", "number")),
    "customer_share": ("Share of customers", ("customer_share", "share")),
    "past_share": ("Share of past value", ("past_share", "share")),
    "future_share": ("Share of future value", ("future_share", "share")),
    "future_value": ("Future value", ("future_value", "money")),
    "future_interval": ("90% interval", ("future_low", "future_high", "money")),
    "kept": ("Stay in it", ("kept", "share")),
    "floor": ("Lowest value", ("floor", "money")),
    "floor_interval": ("90% interval of the border", ("floor_low", "floor_high", "money")),
}
"""Short name → heading and what stands under it: ``(column, kind)``, or ``(low, high, kind)`` for a range."""
