"""The hot loops. :mod:`skprep.kernels.reference` lists them; each file holds one family."""
