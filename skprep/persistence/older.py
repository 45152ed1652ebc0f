"""Documents of earlier versions, in the words of this one."""

PARAMETERS = {  # class: names that have changed
    "GroupScaler": {"shrinkage": "smooth"},
    "MinMaxScaler": {"data_range": "data_bounds"},
    "StandardScaler": {"estimator": "method"},
}


def upgraded(document):
    """Return a document of version 1 or 2 as one of version 3.

    Examples
    --------
    >>> old = {"version": 2, "class": "MinMaxScaler", "parameters": {"data_range": None}, "learned": {}}
    >>> upgraded(old)["parameters"]
    {'data_bounds': None}
    """
    if document["version"] > 2:
        return document
    grouped = document["class"] == "GroupScaler"
    learned = _attributes(document) if grouped else document["learned"]
    return {**document, **_recipe(document), "learned": learned}


def _recipe(recipe):
    kind, given = recipe.get("class"), recipe.get("parameters")
    if not isinstance(kind, str) or not isinstance(given, dict):
        return recipe
    names = PARAMETERS.get(kind, {})
    parameters = {names.get(name, name): value for name, value in given.items()}
    if isinstance(parameters.get("scaler"), dict):
        parameters["scaler"] = _recipe(parameters["scaler"])
    return {**recipe, "parameters": parameters}


def _attributes(document):
    """Return the learned attributes of groups: those of all rows have names of their own since version 3."""
    learned, parameters = document["learned"], document["parameters"]
    if not isinstance(learned, dict) or not isinstance(parameters, dict):
        return learned
    learned = dict(learned)
    pooled = learned.pop("global_", None)
    inner = parameters.get("scaler")
    if isinstance(inner, dict) and inner.get("class") == "LogScaler":
        # "center" was what is subtracted, the offset is what is added: it follows from the statistic
        return {name: v for name, v in learned.items() if name not in ("center_", "scale_")}
    if isinstance(pooled, list) and len(pooled) == 2:
        learned["global_center_"], learned["global_scale_"] = pooled
    return learned
