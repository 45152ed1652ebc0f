"""What a GroupScaler has learnt: taken from rows, merged, set in one place, and applied."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.utils import indexable

from skprep.backends import backend_of
from skprep.backends.fitted import Fitted
from skprep.compat import check_feature_names, check_n_features, fit_task, output_kind, safe_indexing
from skprep.errors import NoControls
from skprep.frames.eager import as_frame, column_names, named_as, replace_columns
from skprep.frames.keys import key_columns
from skprep.frames.lazy import LazyTable
from skprep.groups.cloned import Cloned
from skprep.groups.controls import control_rows, lazy_controls
from skprep.groups.keys import as_list
from skprep.groups.layout import Layout, Table, at_new_places
from skprep.groups.settings import check_lazy, check_settings, warn_of_no_key
from skprep.groups.vectorized import Vectorized, concatenated, is_vectorized
from skprep.statistics.groups import GroupIndex, plain_key
from skprep.validation.parameters import check_learnt_alike
from skprep.validation.rows import numbered_rows
from skprep.validation.tables import as_floats, as_table
from skprep.validation.unknown import codes_of, shown, with_unknown
from skprep.validation.weights import check_some_weight, check_weight, training_rows

POLICIES = ("min_group_size", "smooth", "units", "reference")  # that count from one fit to the next


class GroupState(BaseEstimator):
    """Base of GroupScaler: layout of the table, index of the groups, and the engine that learns and applies.

    The engine is :class:`~skprep.groups.vectorized.Vectorized` for scalers of skprep, and
    :class:`~skprep.groups.cloned.Cloned` for all others.
    """

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, X, y=None, *, reset, stream=False, set_attributes=True, groups=None, sample_weight=None):
        """Learn from rows wherever they are; ``set_attributes=False`` leaves the attributes for later."""
        check_settings(self)
        metadata = {"groups": groups, "sample_weight": sample_weight}
        learnt = backend_of(X).learn(
            self, X, y, reset=reset, stream=stream, set_attributes=set_attributes, **metadata
        )
        if not stream:
            self._check_reference()
        return learnt

    def _check_reference(self):
        """Refuse to go on while the group is missing whose units the result is to have."""
        if vars(self).get("_lacks") is not None:
            raise ValueError(self._lacks)

    def _learn_rows(self, X, y, *, reset, stream, set_attributes, groups, sample_weight):
        """Learn from rows in memory; return the table and codes where all of them were learnt from."""
        layout, table = self._read(X, groups, reset)
        weight = check_weight(sample_weight, table.features)
        if reset:
            check_some_weight(weight)
        else:
            check_learnt_alike(self, self._fit_parameters, "partial_fit")
        try:
            controls = control_rows(table.controls, self.controls)
        except NoControls:
            if reset:
                raise
            return None  # a batch without a control teaches nothing
        rows = training_rows(controls, weight)
        if rows is not None:
            check_some_weight(
                weight if weight is None else weight[rows], "control row" if self.controls else "row"
            )
        some = table
        if rows is not None:
            some, weight = table.take(rows), None if weight is None else weight[rows]
            y = None if y is None else safe_indexing(indexable(y)[0], rows)
        with fit_task(self, X, y, sample_weight):
            places = None
            if reset:
                index, codes = GroupIndex.learn(some.keys)
            else:
                index, codes, places = self._index.extended(some.keys)
            engine = self._engine.copy() if not reset else self._new_engine(layout)
            if isinstance(engine, Vectorized):
                with numbered_rows(engine.scaler, rows):
                    learnt = engine.learn(some.features, codes, len(index), weight, stream)
                learnt = learnt if reset else engine.merged(learnt, len(index), places)
                engine.set(learnt, set_attributes)
            else:
                y = indexable(y)[0]
                engine.learn(some.features, y, codes, len(index), places, weight, self.min_group_size)
            self._set_fitted_state(layout, index, engine, set_attributes)
        return (table, codes) if rows is None else None

    def _read(self, X, groups, reset):
        """Return the layout and the rows of a training table."""
        if sparse.issparse(X):
            raise TypeError(
                "GroupScaler does not support sparse input: rows of different groups are centered "
                "differently. Pass X.toarray()."
            )
        groups, X = as_list(groups), as_table(self, X)
        if not reset:
            return self._layout, self._layout.take_apart(self, X, groups, learning=True)
        check_feature_names(self, named_as(X), reset=True)
        check_n_features(self, X, reset=True)
        layout = Layout.of(
            self.by, column_names(X), X.shape[1], groups, controls=self.controls, columns=self.columns
        )
        warn_of_no_key(self, groups)
        return layout, layout.take_apart(self, X, groups, training=True)

    def _new_engine(self, layout):
        return Vectorized(self.scaler, layout) if is_vectorized(self.scaler) else Cloned(clone(self.scaler))

    def _learn_frame(self, frame, names, *, reset):
        """Learn from a lazy frame, whose engine computes the statistics."""
        check_lazy(self)
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
        else:
            check_learnt_alike(self, self._fit_parameters, "partial_fit")
        fresh = {"controls": self.controls, "columns": self.columns}
        layout = Layout.of(self.by, list(names), len(names), **fresh) if reset else self._layout
        if self.controls:
            frame = lazy_controls(frame, [names[j] for j in layout.controls], self.controls)
        engine = Vectorized(self.scaler, layout) if reset else self._engine.copy()
        keys, features = ([names[j] for j in positions] for positions in (layout.by, layout.features))
        table = LazyTable(frame, features, keys)
        learnt, index = engine.learn(table, table.keys, None, None), table.index
        if not reset:
            index, places, own = self._index.union(table.index)
            learnt = engine.merged(learnt, len(index), places, own)
        engine.set(learnt)
        self._set_fitted_state(layout, index, engine)

    def _merge(self, scalers):
        """Take the groups and rows of several fitted scalers, keys aligned."""
        first = scalers[0]
        for number, s in enumerate(scalers):
            s._check_vectorized("merge")
            check_learnt_alike(self, s._fit_parameters, "merge")
            if s._layout.place() != first._layout.place():
                raise ValueError(
                    "merge needs scalers whose keys are in the same columns; received one with "
                    f"{s._layout.n_keys} keys at place {number}, or of other names or places than at place "
                    "0. Fit all parts on the same columns and keys."
                )
        index, engine = first._index, first._engine.copy()
        for other in scalers[1:]:
            index, places, others = index.union(other._index)
            engine.set(engine.merged(other._engine.state(), len(index), places, others))
        self._set_fitted_state(first._layout, index, engine)

    def _concatenate(self, scalers):
        """Take what several have learnt of different features of the same rows; keys come first."""
        first = scalers[0]
        keys = list(first.feature_names_in_[list(first._layout.by)])
        names = keys + [name for s in scalers for name in s._layout.feature_names]
        self.feature_names_in_, self.n_features_in_ = np.array(names, dtype=object), len(names)
        layout = Layout.of(self.by, names, len(names))
        self._restore((layout, first._index, concatenated([s._engine for s in scalers])))
        return self

    def _selected(self, places):
        """Return a twin that knows some of the features, at ``places`` in the table of fit."""
        layout, kept, moved = self._layout.of_some(places)
        which = [self._layout.features.index(j) for j in places]
        inner = self.scaler_._parameters_of(which)
        moving = {n: at_new_places(getattr(self, n), moved, self.n_features_in_) for n in ("by", "controls")}
        twin = clone(self).set_params(scaler=inner, columns=None, **moving, **self._policies)
        twin.n_features_in_ = len(kept)
        if hasattr(self, "feature_names_in_"):
            twin.feature_names_in_ = self.feature_names_in_[kept]
        statistic, pooled, sizes = self._engine.state()
        twin._restore(
            (layout, self._index, (statistic.columns(which), pooled.columns(which), sizes[:, which]))
        )
        return twin

    def _restore(self, state):
        """Become fitted by what :meth:`_learnt_state` returned; number and names of the columns are known."""
        layout, index, learnt = state
        engine = Vectorized(self.scaler, layout)
        engine.set(learnt)
        self._set_fitted_state(layout, index, engine)

    def _learnt_state(self):
        """Return layout, groups and what was learnt of them: what :meth:`_restore` takes."""
        self._check_vectorized("to_json")
        return self._layout, self._index, self._engine.state()

    def _set_fitted_state(self, layout, index, engine, set_attributes=True):
        """Set all that a fitted GroupScaler has: the one place where that is done."""
        self._layout, self._index, self._engine = layout, index, engine
        self._fit_parameters = {
            "by": self.by,
            "controls": self.controls,
            "columns": self.columns,
            "scaler": clone(self.scaler),
        }
        if set_attributes:
            self._set_attributes()

    def _set_all(self):
        """Set the learned attributes that batches have left for later."""
        if isinstance(self._engine, Vectorized):
            self._engine.scaler._set_all()
        self._set_attributes()

    def _set_attributes(self):
        for name in vars(self).get("_shown", ()):  # those of another scaler inside
            vars(self).pop(name, None)
        self.groups_ = self._index.as_array()
        self._policies = {name: getattr(self, name) for name in POLICIES}
        units, reference = self.units == "global", self._reference()
        learnt = self._engine.prepare(self.min_group_size, self.smooth, units, reference)
        self.scaler_ = self._engine.scaler
        self._shown = tuple(learnt)
        for name, value in learnt.items():
            setattr(self, name, value)

    def _reference(self):
        """Return the code of the group whose units are those of the result, None for all rows."""
        self._lacks = None
        if self.reference is None:
            return None
        code = self._index.codes_of([plain_key(self.reference)])[0]
        if code < 0:
            self._lacks = (
                f"reference must be a group of the training rows; received {self.reference!r}, and the "
                f"groups are {shown(self._index.keys)}. Name one of them; a part without it is learnt by "
                "partial_fit."
            )
            return None
        return int(code)

    def _set_keys(self, read):
        """Turn every key into what ``read(part, number of its column)`` says: text into what it spells."""
        n_keys = self._layout.n_keys
        parts = [key if n_keys > 1 else (key,) for key in self._index.keys]
        keys = [tuple(read(part, i) for i, part in enumerate(key)) for key in parts]
        keys = keys if n_keys > 1 else [key[0] for key in keys]
        index = GroupIndex(keys)
        order = np.argsort(index.codes_of(keys))
        statistic, pooled, sizes = self._engine.state()
        self._engine.set((statistic.take(order), pooled, sizes[order]))
        self._set_fitted_state(self._layout, index, self._engine)

    # --- applying ------------------------------------------------------------------------------

    def _transform_rows(self, X, inverse=False, copy=True, groups=None):
        """Scale rows in memory, or undo it."""
        self._check_reference()
        few = None if inverse else self._layout.take_few_apart(self, X, groups)
        if few is not None:
            features, keys = few
            return self._transform_table(X, Table(features, []), self._codes_of_few(keys))
        groups, X = as_list(groups), as_table(self, X)
        if inverse:
            table = self._layout.take_result_apart(self, X, groups)
        else:
            table = self._layout.take_apart(self, X, groups)
        return self._transform_table(X, table, self._codes(table), inverse)

    def _transform_table(self, X, table, codes, inverse=False):
        method = self._engine.inverse_transform if inverse else self._engine.transform
        return self._put_together(X, method(table.features, codes), wrap=inverse)

    def _transform_features(self, features, keys, method):
        """Return features scaled, or that undone, by the keys of a frame beside them."""
        X = as_floats(self, features)
        table = Table(X, key_columns(keys, range(self._layout.n_keys)))
        return getattr(self._engine, method)(X, self._codes(table))

    def _put_together(self, X, values, wrap=False):
        """Return the result: an array, or a frame where key columns stay or ``set_output`` asks."""
        kind = output_kind(self)
        if not self._layout.keeps(self):
            # Only what was undone comes here with wrap: the features under the names that they had.
            return as_frame(values, X, kind, lambda: self._layout.scaled_names(self)) if wrap else values
        return replace_columns(X, list(self._layout.features), values, kind)

    def _fitted(self):
        """Return columns, groups and map, for backends and languages."""
        self._check_vectorized("A lazy frame, a document, a model or a query")
        self._check_reference()
        return Fitted.of(
            self,
            keys=self._layout.by,
            features=self._layout.features,
            learnt=self._engine.learnt,
            index=self._index,
            pooled=self._engine.units_map,
            handle_unknown=self.handle_unknown,
            key_text=self._layout.key_text(self),
            transform_features=self._transform_features,
            whole=self._layout.keeps(self),
        )

    def _codes(self, table):
        return codes_of(self._index, table.keys, self.handle_unknown, lambda: self._layout.key_text(self))

    def _codes_of_few(self, keys):
        codes = self._index.codes_of(keys)
        unknown = list(dict.fromkeys(key for key, code in zip(keys, codes, strict=True) if code < 0))
        return with_unknown(
            codes, unknown, self._index, self.handle_unknown, lambda: self._layout.key_text(self)
        )

    def _check_vectorized(self, what):
        if not isinstance(self._engine, Vectorized):
            raise ValueError(
                f"{what} needs a scaler of skprep inside; received {type(self.scaler).__name__}, whose "
                "parameters are its own. Look at scaler_ instead."
            )
