"""Attributes that a stream leaves for later: right for whoever looks, and the caller's own stay."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from skprep import StandardScaler

A, B = np.array([[0.0], [2.0]]), np.array([[10.0], [12.0]])


def test_a_scaler_from_another_process_goes_on():
    code = (
        "import pickle, sys; s = pickle.loads(sys.stdin.buffer.read()); s.partial_fit([[10.0], [12.0]]);"
        "print(s.mean_, s.n_samples_seen_)"
    )
    pickled = pickle.dumps(StandardScaler().fit(A))
    found = subprocess.run([sys.executable, "-c", code], input=pickled, capture_output=True, check=True)
    assert found.stdout.decode().split() == ["[6.]", "4"]


def test_an_attribute_set_by_hand_counts_before_anybody_has_looked():
    scaler = StandardScaler().partial_fit(A).partial_fit(B)
    scaler.mean_ = np.zeros(1)
    scale = np.sqrt(26.0)  # of 0, 2, 10, 12 about 6
    np.testing.assert_allclose(scaler.transform(B), B / scale)
    assert scaler.mean_ == 0.0
    assert scaler.partial_fit(A).mean_ == pytest.approx(26.0 / 6.0)


def test_parameters_of_the_call_decide_what_is_left_for_later():
    scaler = StandardScaler().partial_fit(A).partial_fit(B)
    scaler.set_params(with_std=False)
    assert scaler.var_ == 26.0
    assert scaler.scale_ == np.sqrt(26.0)
