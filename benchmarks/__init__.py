"""Ratios against scikit-learn, measured in one process: ``python -m benchmarks``."""
