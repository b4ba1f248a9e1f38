"""What does this study ask, and of which data? `study.toml`, read into frozen, typed settings."""

from cxmodels.study.churn import ChurnSettings
from cxmodels.study.drivers import DriverSettings
from cxmodels.study.reading import read_study
from cxmodels.study.sources import CANONICAL_TABLES, TableSource
from cxmodels.study.study import Study
from cxmodels.study.value import SegmentSettings, ValueSettings
from cxmodels.study_errors import StudyError

__all__ = [
    "CANONICAL_TABLES",
    "ChurnSettings",
    "DriverSettings",
    "SegmentSettings",
    "Study",
    "StudyError",
    "TableSource",
    "ValueSettings",
    "read_study",
]
