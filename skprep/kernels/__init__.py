"""The hot loops: what each one computes is written in :mod:`skprep.kernels.reference`."""
