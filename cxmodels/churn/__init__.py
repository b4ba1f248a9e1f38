"""Who is about to leave? How good a churn model is, what acting on it earns, and when to distrust it."""

from cxmodels.churn.card import Evidence, write_card
from cxmodels.churn.comparison import compare_models
from cxmodels.churn.dates import ShortHistory
from cxmodels.churn.drift import measure_drift
from cxmodels.churn.encoding import NoFeatures
from cxmodels.churn.features import snapshot_frame
from cxmodels.churn.leaks import LeakError, refuse_leaks
from cxmodels.churn.model import FitPlan, fit_churn
from cxmodels.churn.model_files import read_churn_model
from cxmodels.churn.monotone import check_monotone
from cxmodels.churn.rivals import fit_rivals
from cxmodels.churn.scores import score_churn
from cxmodels.churn.targeting import Offer, compare_rules
from cxmodels.churn.today import assess_today
from cxmodels.churn.worth import customer_worth

__all__ = [
    "Evidence",
    "FitPlan",
    "LeakError",
    "NoFeatures",
    "Offer",
    "ShortHistory",
    "assess_today",
    "check_monotone",
    "compare_models",
    "compare_rules",
    "customer_worth",
    "fit_churn",
    "fit_rivals",
    "measure_drift",
    "read_churn_model",
    "refuse_leaks",
    "score_churn",
    "snapshot_frame",
    "write_card",
]
