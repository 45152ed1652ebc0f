"""The parameters of SoftmaxClassifier: what they stand for, and what does not go together."""

from numbers import Integral


def streams(classifier):
    """Say whether there is a ``partial_fit``, as scikit-learn asks."""
    if classifier.early_stopping:
        raise AttributeError(
            "partial_fit has no rows to hold out; received early_stopping=True. Pass early_stopping=False "
            "and watch a score of your own."
        )
    return classifier.solver != "lbfgs"


def solver_of(settings):
    """Return the solver that "auto" stands for."""
    if settings.solver != "auto":
        return settings.solver
    convex = not hidden_sizes(settings) and not settings.early_stopping
    return "lbfgs" if convex and settings.batch_size == "auto" else "adam"


def hidden_sizes(settings):
    """Return the numbers of hidden units as a list."""
    sizes = settings.hidden_layer_sizes
    return [sizes] if isinstance(sizes, Integral) else list(sizes)


def layers_of(settings):
    """Return the parameters that decide what layers there are."""
    kinds = {n: getattr(settings, n) for n in ("norm", "weight_norm", "dropout", "activation")}
    return kinds | {"hidden_layer_sizes": hidden_sizes(settings)}


def layer_sizes(settings, n_features, classes):
    """Return the number of inputs, hidden units and logits; refuse settings that do not go together."""
    if len(classes) < 2:
        raise ValueError(
            f"SoftmaxClassifier needs samples of at least 2 classes; received one class, {classes[0]!r}. "
            "Check the labels."
        )
    hidden = hidden_sizes(settings)
    if any(not isinstance(units, Integral) or units < 1 for units in hidden):
        raise ValueError(
            f"hidden_layer_sizes must be whole numbers above 0; received {settings.hidden_layer_sizes!r}. "
            "For example (100,)."
        )
    varies = settings.dropout or settings.norm == "batch" or settings.clipping is not None
    if settings.solver == "lbfgs" and (varies or settings.early_stopping):
        raise ValueError(
            'solver="lbfgs" needs the same loss in every step, and takes gradients as they are; received '
            f"dropout={settings.dropout}, norm={settings.norm!r}, early_stopping={settings.early_stopping}, "
            f'clipping={settings.clipping}. Use solver="adam", or leave these out.'
        )
    return [n_features, *hidden, 1 if len(classes) == 2 else len(classes)]
