import numpy as np

from skprep.statistics import SmallestTwo


def test_equal_values_are_one_value():
    learnt = SmallestTwo.learn(np.array([[1.0, 4.0], [1.0, 4.0], [5.0, np.nan], [3.0, 4.0]]))
    np.testing.assert_array_equal(learnt.first, [[1.0, 4.0]])
    np.testing.assert_array_equal(learnt.second, [[3.0, np.inf]])
    np.testing.assert_array_equal(learnt.count, [[4, 3]])


def test_the_second_may_come_from_either_part():
    a, b = SmallestTwo.learn(np.array([[1.0], [9.0]])), SmallestTwo.learn(np.array([[4.0], [8.0]]))
    assert a.merge(b).second[0, 0] == b.merge(a).second[0, 0] == 4.0
    c = SmallestTwo.learn(np.array([[0.0]]))
    assert a.merge(c).second[0, 0] == 1.0
