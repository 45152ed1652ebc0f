"""The inputs of a model as the columns that a scaler was fitted on."""

from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType


class Columns:
    """The columns of the inputs, by their number in ``fit``."""

    def __init__(self, graph, inputs):
        self.graph, self.inputs = graph, inputs

    def at(self, j):
        """Return column j as a matrix of one column."""
        start = 0
        for i in self.inputs:
            if j < start + width_of(i):
                value = self.graph.named(i.full_name)
                return value if width_of(i) == 1 else self.graph.columns(value, [j - start])
            start += width_of(i)
        raise IndexError(j)

    def kinds(self, places):
        """Return the kinds of columns: text, whole numbers, floats."""
        return [kind_of(input_at(self.inputs, j)) for j in places]

    def numbers(self, places):
        """Return columns as a matrix of float64."""
        for j in places:
            if kind_of(input_at(self.inputs, j)) == "text":
                raise ValueError(
                    f"A feature must be a number; received text in column {j} of the model's inputs. Pass "
                    "rows as the scaler was fitted on."
                )
        if len(self.inputs) == 1:
            value = self.graph.named(self.inputs[0].full_name)
            every = list(range(width_of(self.inputs[0])))
            value = value if list(places) == every else self.graph.columns(value, places)
            return value if isinstance(self.inputs[0].type, DoubleTensorType) else self.graph.double(value)
        return self.graph.joined([self.graph.double(self.at(j)) for j in places])

    def whole(self, features, z):
        """Return the matrix of all columns with the features replaced."""
        everything = range(sum(map(width_of, self.inputs)))
        if list(features) == list(everything):
            return z
        others = [j for j in everything if j not in set(features)]
        joined = self.graph.joined([z, self.numbers(others)])
        place = {j: k for k, j in enumerate([*features, *others])}
        return self.graph.columns(joined, [place[j] for j in everything])


def in_order(inputs, fitted):
    """Return the inputs in the order of the columns in ``fit``: by name, where their names are those."""
    named = {i.raw_name: i for i in inputs}
    if fitted.names is not None and len(inputs) > 1 and set(fitted.names) <= set(named):
        return [named[name] for name in fitted.names]
    n_columns = sum(map(width_of, inputs))
    if n_columns != fitted.n_columns:
        raise ValueError(
            f"The model needs the {fitted.n_columns} columns that {fitted.owner} was fitted on; received "
            f"{n_columns}: {', '.join(i.raw_name for i in inputs)}. Pass a sample of those columns."
        )
    return list(inputs)


def width_of(i):
    """Return the number of columns of an input."""
    return int(i.type.shape[1]) if len(i.type.shape) == 2 and i.type.shape[1] else 1


def input_at(inputs, j):
    """Return the input that has column j."""
    for i in inputs:
        j -= width_of(i)
        if j < 0:
            return i
    raise IndexError(j)


def is_float32(i):
    """Say whether an input holds float32."""
    return isinstance(i.type, FloatTensorType)


def kind_of(i):
    """Return the kind of an input: text, whole numbers, floats."""
    if isinstance(i.type, StringTensorType):
        return "text"
    return "float" if isinstance(i.type, FloatTensorType | DoubleTensorType) else "whole"
