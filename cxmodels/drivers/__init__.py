"""Why do customers leave? What a model uses, and, apart from it, what would change if a driver changed."""

from cxmodels.drivers.attribution import explain
from cxmodels.drivers.attribution_ranks import rank_parts
from cxmodels.drivers.attribution_totals import total_attribution
from cxmodels.drivers.driver_table import REST, driver_table, drivers_of_features
from cxmodels.drivers.effects import EffectPlan, estimate_effects
from cxmodels.drivers.effects_panel import PanelPlan, drivers_today, effect_rows
from cxmodels.drivers.importance import TooFewRatings, rating_importance
from cxmodels.drivers.stake import value_at_stake

__all__ = [
    "REST",
    "EffectPlan",
    "PanelPlan",
    "TooFewRatings",
    "driver_table",
    "drivers_of_features",
    "drivers_today",
    "effect_rows",
    "estimate_effects",
    "explain",
    "rank_parts",
    "rating_importance",
    "total_attribution",
    "value_at_stake",
]
