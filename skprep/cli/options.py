"""The options of the commands, and what each means."""

from pathlib import Path
from typing import Annotated, Literal

import typer

# of ``fit`` and ``transform``: both read files the same way
Missing = Annotated[
    list[str] | None,
    typer.Option(help="Text that stands for a missing number in a CSV file; again for more."),
]
Thousands = Annotated[str | None, typer.Option(help="What separates thousands in the numbers of a CSV file.")]

# of ``fit``
SCALERS = {
    "standard": "StandardScaler",
    "minmax": "MinMaxScaler",
    "maxabs": "MaxAbsScaler",
    "robust": "RobustScaler",
    "log": "LogScaler",
}
TrainingFile = Annotated[Path, typer.Argument(help="Parquet or CSV file of training rows, of any size.")]
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
    typer.Option(help="Column to scale; again for more. Without: all columns of numbers."),
]
HandleUnknown = Annotated[
    Literal["error", "global", "nan"], typer.Option(help="What a group that is not in FILE will get.")
]
MinGroupSize = Annotated[int, typer.Option(min=1, help="Smaller groups get the parameters of all rows.")]
MaxRankError = Annotated[float, typer.Option(help="How far a rank may be off, for robust beyond 4,096 rows.")]
Mergeable = Annotated[
    bool, typer.Option(help="Also keep what partial_fit and merge need; for robust, values of the rows.")
]

# of ``compare``
ComparedFile = Annotated[
    Path | None,
    typer.Argument(help="CSV or Parquet file; without it, scikit-learn's breast cancer data."),
]
Target = Annotated[str | None, typer.Option(help="Column to predict.")]
ByOne = Annotated[
    str | None,
    typer.Option(help="Column that names each row's group (device, patient): scale by group too."),
]
KeepTogether = Annotated[
    bool, typer.Option(help="Keep the rows of one group together in a fold: all test groups are new.")
]
Report = Annotated[Path | None, typer.Option(help="Also write an HTML report here.")]
Task = Annotated[Literal["auto", "classification", "regression"], typer.Option(help="What the target is.")]
Folds = Annotated[int, typer.Option(min=2, max=20, help="Cross-validation folds.")]
MaxRows = Annotated[int, typer.Option(min=20, help="Draw so many rows at random from a larger table.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the folds and of the draw.")]
