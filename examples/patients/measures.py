"""What the notebooks of this project know about the patients' measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

BLOOD = {
    "bp": "blood pressure",
    "s1": "cholesterol",
    "s2": "LDL",
    "s3": "HDL",
    "s4": "cholesterol by HDL",
    "s5": "log triglycerides",
    "s6": "glucose",
}


def weight_class(bmi: float) -> str:
    """Return the WHO's word for a body mass index."""
    for limit, word in ((18.5, "under"), (25, "normal"), (30, "over")):
        if bmi < limit:
            return word
    return "obese"


def standardised(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every column shifted to mean 0 and scaled to deviation 1."""
    return (table - table.mean()) / table.std()
