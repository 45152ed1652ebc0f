"""Whether a batch is still what a scaler was fitted on."""

from skprep.drift.report import DriftReport, drift_report

__all__ = ["DriftReport", "drift_report"]
