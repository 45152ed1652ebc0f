"""ONNX nodes as a language of formulas.

A value is a tensor of float64 (or what a comparison gives) that a node computes. What is known when the
graph is made stays a NumPy array: arithmetic on it happens here and now, and a choice by it leaves one
branch.
"""

import numpy as np
from onnx import TensorProto, numpy_helper

from skprep.maps.composed import Composed, value_of

FOLDED = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Equal": np.equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Not": np.logical_not,
    "Neg": np.negative,
}


class Graph:
    """The graph that a converter adds nodes to.

    Parameters
    ----------
    scope, container : objects of skl2onnx
        What gives names, and what takes nodes.
    """

    def __init__(self, scope, container):
        self.scope, self.container = scope, container
        self.opset = container.target_opset_any_domain("")

    def named(self, name):
        """Return a tensor that is there, by its name."""
        return Value(self, name)

    def constant(self, numbers):
        """Return numbers that are known."""
        return Value(self, known=np.asarray(numbers))

    def node(self, operator, *inputs, **attributes):
        """Return the output of a new node of ONNX's own domain."""
        return self._added(operator, "", self.opset, inputs, attributes)

    def encoded(self, keys, codes, default, key):
        """Return the code of each key; ``keys`` is a list of text, of whole numbers, or of floats."""
        if isinstance(keys[0], float):
            return self._searched(np.array(keys), np.array(codes, dtype=np.int64), default, key)
        attributes = {
            "keys_strings" if isinstance(keys[0], str) else "keys_int64s": list(keys),
            "values_int64s": list(map(int, codes)),
            "default_int64": int(default),
        }
        return self._added("LabelEncoder", "ai.onnx.ml", 2, [key], attributes)

    def _searched(self, keys, codes, default, key):
        """Do by bisection what :meth:`encoded` does: ONNX encodes but the first digits of a float64."""
        order = np.argsort(keys)
        keys, codes = self.constant(keys[order]), self.constant(np.append(codes[order], np.int64(default)))
        n = len(order)
        place = self.constant(np.int64(0))
        for power in reversed(range(int(n).bit_length())):
            ahead = place + np.int64(2**power)
            beyond = ahead > np.int64(n - 1)
            safe = Functions.where(beyond, np.int64(n - 1), ahead)
            place = Functions.where(~beyond & (self.rows_of(keys, safe) <= key), ahead, place)
        found = self.rows_of(keys, place) == key
        return self.rows_of(codes, Functions.where(found, place, np.int64(n)))

    def output(self, value, name):
        """Give a value the name of an output."""
        last = self.container.nodes[-1] if self.container.nodes else None
        if last is not None and value._name is not None and list(last.output) == [value._name]:
            last.output[0] = name
            return
        self._add("Identity", "", self.opset, [value], name, {})

    def _added(self, operator, domain, version, inputs, attributes):
        name = self.scope.get_unique_variable_name(f"skprep_{operator.lower()}")
        self._add(operator, domain, version, inputs, name, attributes)
        return Value(self, name)

    def _add(self, operator, domain, version, inputs, output, attributes):
        names = [v.name if isinstance(v, Value) else self.constant(v).name for v in inputs]
        self.container.add_node(
            operator,
            names,
            output,
            op_domain=domain,
            op_version=version,
            name=self.scope.get_unique_operator_name(f"skprep_{operator}"),
            **attributes,
        )

    def stored(self, array):
        """Return the name of an initializer that holds an array."""
        name = self.scope.get_unique_variable_name("skprep_constant")
        if array.dtype == object:
            words = [word.encode() for word in array.tolist()]
            self.container.add_initializer(name, TensorProto.STRING, [len(words)], words)
            return name
        tensor = numpy_helper.from_array(np.array(array, order="C"), name)
        self.container.add_initializer(name, tensor.data_type, list(array.shape), tensor)
        return name

    # What the converters of scalers are made of

    def double(self, value):
        """Return a tensor of numbers as float64."""
        return self.node("Cast", value, to=TensorProto.DOUBLE)

    def columns(self, value, places):
        """Return some columns of a matrix."""
        return self.node("Gather", value, np.asarray(places, dtype=np.int64), axis=1)

    def joined(self, values):
        """Return matrices side by side."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def flat(self, value):
        """Return a matrix of one column as a vector."""
        return self.node("Reshape", value, np.array([-1], dtype=np.int64))

    def rows_of(self, table, codes):
        """Return the row of a table for each code."""
        return self.node("Gather", table, codes, axis=0)


class Value:
    """A tensor with the operators of Python.

    Parameters
    ----------
    graph : Graph
    name : str or None
    known : ndarray or None
        Its numbers, where they are known; it gets a name when a node asks for it.
    """

    def __init__(self, graph, name=None, known=None):
        self.graph, self.known, self._name = graph, known, name

    @property
    def name(self):
        """The name of the tensor in the graph."""
        if self._name is None:
            self._name = self.graph.stored(self.known)
        return self._name

    def _with(self, operator, *others):
        values = [v if isinstance(v, Value) else self.graph.constant(v) for v in (self, *others)]
        if all(v.known is not None for v in values):
            with np.errstate(all="ignore"):
                return self.graph.constant(FOLDED[operator](*(v.known for v in values)))
        return self.graph.node(operator, *values)

    def _after(self, operator, other):
        return self.graph.constant(other)._with(operator, self)

    def __add__(self, other):
        return self._with("Add", other)

    def __radd__(self, other):
        return self._after("Add", other)

    def __sub__(self, other):
        return self._with("Sub", other)

    def __rsub__(self, other):
        return self._after("Sub", other)

    def __mul__(self, other):
        return self._with("Mul", other)

    def __rmul__(self, other):
        return self._after("Mul", other)

    def __truediv__(self, other):
        return self._with("Div", other)

    def __rtruediv__(self, other):
        return self._after("Div", other)

    def __neg__(self):
        return self._with("Neg")

    def __lt__(self, other):
        return self._with("Less", other)

    def __le__(self, other):
        return self._with("LessOrEqual", other)

    def __gt__(self, other):
        return self._with("Greater", other)

    def __ge__(self, other):
        return self._with("GreaterOrEqual", other)

    def __eq__(self, other):
        return self._with("Equal", other)

    def __ne__(self, other):
        return ~(self == other)

    def __and__(self, other):
        return self._with("And", other)

    def __or__(self, other):
        return self._with("Or", other)

    def __invert__(self):
        return self._with("Not")

    __hash__ = None  # type: ignore[assignment]


class Functions(Composed):
    """The functions of a formula, for nodes."""

    @staticmethod
    def where(condition, then, otherwise):
        """Choose by ``condition``; a branch may be a function, which is called where it is needed."""
        known = condition if isinstance(condition, bool) else condition.known
        if known is not None and np.all(known):
            return value_of(then)
        if known is not None and not np.any(known):
            return value_of(otherwise)
        return condition.graph.node("Where", condition, value_of(then), value_of(otherwise))

    @staticmethod
    def isnan(x):
        """Say where x is NaN."""
        return x.graph.node("IsNaN", x)

    @staticmethod
    def sqrt(x):
        """Take the square root."""
        return x.graph.node("Sqrt", x)

    @staticmethod
    def log(x, base):
        """Take the logarithm to a base, ``"e"``, 2 or 10."""
        ln = x.graph.node("Log", x)
        return ln if base == "e" else ln / float(np.log(float(base)))

    @staticmethod
    def exp(x, base):
        """Take the power of a base."""
        return x.graph.node("Exp", x) if base == "e" else x.graph.node("Pow", float(base), x)
