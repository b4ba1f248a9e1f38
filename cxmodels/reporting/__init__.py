"""From findings to what people read: notebook pages, figures, hand-over files, and the run itself."""

from cxmodels.reporting.findings import EVIDENCE, GRADES, Finding
from cxmodels.reporting.opening import open_run
from cxmodels.reporting.run_folder import RunFolder
from cxmodels.reporting.wording import Money, Wording

__all__ = ["EVIDENCE", "GRADES", "Finding", "Money", "RunFolder", "Wording", "open_run"]
