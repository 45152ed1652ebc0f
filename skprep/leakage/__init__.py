"""Proof that nothing was learnt from rows that judge: of an estimator, and of tables already split."""

from skprep.leakage.laws import check_no_leakage
from skprep.leakage.report import LeakageReport, leakage_report

__all__ = ["LeakageReport", "check_no_leakage", "leakage_report"]
