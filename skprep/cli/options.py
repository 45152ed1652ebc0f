"""Options that ``fit`` and ``transform`` share: both read files the same way."""

from typing import Annotated

import typer

Missing = Annotated[
    list[str] | None,
    typer.Option(help="Text that stands for a missing number in a CSV file; again for more."),
]
Thousands = Annotated[str | None, typer.Option(help="What separates thousands in the numbers of a CSV file.")]
