"""Why do customers leave? What a model uses, and, apart from it, what would change if a driver changed."""

from cxmodels.drivers.attribution import explain, stream_attribution
from cxmodels.drivers.attribution_compared import weigh_parts, widest_apart
from cxmodels.drivers.attribution_curve import dependence
from cxmodels.drivers.attribution_parts import BACKGROUND, REST, STAGE_WORDS, feature_parts
from cxmodels.drivers.attribution_ranks import rank_parts
from cxmodels.drivers.attribution_totals import total_attribution
from cxmodels.drivers.driver_table import driver_table
from cxmodels.drivers.effects import estimate_effects
from cxmodels.drivers.effects_panel import PanelPlan, drivers_today, effect_rows
from cxmodels.drivers.importance import TooFewRatings, rating_importance
from cxmodels.drivers.reason_words import ReasonWords, driver_labels
from cxmodels.drivers.reasons import stream_reasons
from cxmodels.drivers.stake import value_at_stake, value_leaving

__all__ = [
    "BACKGROUND",
    "REST",
    "STAGE_WORDS",
    "PanelPlan",
    "ReasonWords",
    "TooFewRatings",
    "dependence",
    "driver_labels",
    "driver_table",
    "drivers_today",
    "effect_rows",
    "estimate_effects",
    "explain",
    "feature_parts",
    "rank_parts",
    "rating_importance",
    "stream_attribution",
    "stream_reasons",
    "total_attribution",
    "value_at_stake",
    "value_leaving",
    "weigh_parts",
    "widest_apart",
]
