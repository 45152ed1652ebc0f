"""The options of the commands, and what each means."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Policy = Literal["error", "global", "nan"]

# of all commands
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and what was asked for.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout, for programs.")]

# of all commands that read files
Missing = Annotated[
    list[str] | None,
    typer.Option(help="Text that stands for a missing number in a CSV file; again for more."),
]
Thousands = Annotated[str | None, typer.Option(help="What separates thousands in the numbers of a CSV file.")]
Separator = Annotated[
    str | None, typer.Option("--sep", help="What separates the columns of a CSV file; without, as it looks.")
]
Decimal = Annotated[
    str | None, typer.Option(help="The decimal mark of a CSV file, '.' or ','; without, as it looks.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        help="Column to leave out (ids, dates, the target of another model); again, or a,b for more."
    ),
]

# of ``fit``
SCALERS = {
    "standard": "StandardScaler",
    "minmax": "MinMaxScaler",
    "maxabs": "MaxAbsScaler",
    "robust": "RobustScaler",
    "log": "LogScaler",
}
TrainingFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Training rows: Parquet or CSV files of any size, folders of Parquet files, or - for stdin.",
    ),
]
FittedOut = Annotated[Path, typer.Option("--out", "-o", help="The fitted scaler goes here, as JSON.")]
Scaler = Annotated[  # the names of SCALERS, and harmonisation
    Literal["standard", "minmax", "maxabs", "robust", "log", "combat"], typer.Option(help="What is learnt.")
]
By = Annotated[
    list[str] | None,
    typer.Option(
        help="Key column: scale per group; again for a second one. In a CSV file text, unless all are whole "
        "numbers."
    ),
]
Covariate = Annotated[
    list[str] | None,
    typer.Option(help="With --scaler combat: column whose effect is to stay; again for more."),
]
Column = Annotated[
    list[str] | None,
    typer.Option(help="As --columns, for a name with a comma in it; again for more."),
]
Columns = Annotated[
    str | None,
    typer.Option(help="Columns to scale, separated by commas: a,b. Without: all columns of numbers."),
]
NotScaled = Annotated[
    str | None, typer.Option("--target", help="Column that is predicted later, and so not scaled.")
]
HandleUnknown = Annotated[Policy, typer.Option(help="What a group that is not in FILE will get.")]
MinGroupSize = Annotated[int, typer.Option(min=1, help="Smaller groups get the parameters of all rows.")]
MaxRankError = Annotated[float, typer.Option(help="How far a rank may be off, for robust beyond 4,096 rows.")]
SoftClip = Annotated[
    float | None,
    typer.Option(help="With standard or robust: a smooth bound B for outliers, z / sqrt(1 + (z/B)^2)."),
]
Mergeable = Annotated[
    bool, typer.Option(help="Also keep what partial_fit and merge need; for robust, values of the rows.")
]

# of ``transform`` and ``drift``
FittedScaler = Annotated[
    Path, typer.Option("--scaler", "-s", help="Fitted scaler: what `skprep fit` or skprep.save wrote.")
]
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Rows: Parquet or CSV files of any size, folders of Parquet files, or - for stdin.",
    ),
]
TableOut = Annotated[
    str,
    typer.Option("--out", "-o", help="The scaled table goes here: .parquet, .csv, .csv.gz, or - for stdout."),
]
Inverse = Annotated[bool, typer.Option("--inverse", help="Undo the scaling instead.")]
OtherPolicy = Annotated[
    Policy | None,
    typer.Option(
        "--handle-unknown",
        help="What a group gets that the scaler does not know; without, what fit was told.",
    ),
]
Tolerance = Annotated[
    float, typer.Option(min=0, help="Shift in training standard deviations that is no drift.")
]

# of ``compare``
ComparedFiles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="CSV or Parquet files, or - for stdin; without one, scikit-learn's breast cancer data.",
    ),
]
Target = Annotated[str | None, typer.Option(help="Column to predict.")]
ByOne = Annotated[
    str | None,
    typer.Option(help="Column that names each row's group (device, patient): scale by group too."),
]
KeepTogether = Annotated[
    bool, typer.Option(help="Keep the rows of one group together in a fold: all test groups are new.")
]
Time = Annotated[
    str | None,
    typer.Option(help="Column of time: rows are put in its order, and each fold predicts later rows."),
]
MODELS = {
    "neighbours": ("k-neighbours",),
    "linear": ("logistic regression", "ridge regression"),
    "svm": ("RBF SVM",),
}
Model = Annotated[
    list[str] | None,
    typer.Option(help="Model behind the scalers: neighbours, linear or svm; again for more. Without: all."),
]
Scoring = Annotated[
    str | None,
    typer.Option(help="Scorer of scikit-learn (roc_auc, f1_macro, neg_mean_absolute_error, ...)."),
]
Report = Annotated[Path | None, typer.Option("--out", "-o", help="Also write an HTML report here.")]
SavedPipeline = Annotated[
    Path | None,
    typer.Option(help="Write the best pipeline here, fitted: for joblib.load (.joblib)."),
]
Task = Annotated[Literal["auto", "classification", "regression"], typer.Option(help="What the target is.")]
Folds = Annotated[int, typer.Option(min=2, max=20, help="Cross-validation folds.")]
MaxRows = Annotated[int, typer.Option(min=20, help="Draw so many rows at random from a larger table.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the folds and of the draw.")]

# of ``audit``
TrainFile = Annotated[str, typer.Argument(help="Training rows: a CSV or Parquet file.")]
TestFile = Annotated[str, typer.Argument(help="Test rows, with the same columns.")]
AuditTarget = Annotated[str | None, typer.Option(help="Column that is predicted.")]
AuditBy = Annotated[
    str | None, typer.Option(help="Column of groups (patient, device) that the two must not share.")
]
