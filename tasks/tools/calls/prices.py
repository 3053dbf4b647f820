"""What a model costs, from a file that the user can edit; nothing is downloaded."""

import os
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schemas.errors import InputError
from tasks.tools.files import data_path

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens; `batch` is the share of it that a batch endpoint takes. Unknown prices are nan."""

    input: float = float("nan")
    output: float = float("nan")
    batch: float = 1.0

    @property
    def known(self) -> bool:
        return self.input == self.input and self.output == self.output

    def of(self, prompt_tokens: int, completion_tokens: int, batch: bool = False) -> float:
        """Dollars, nan where the price is unknown."""
        whole = (prompt_tokens * self.input + completion_tokens * self.output) / MILLION
        return whole * self.batch if batch else whole


def prices_path() -> Path:
    """`MATHMILL_PRICES`, or the file that ships."""
    named = os.environ.get("MATHMILL_PRICES")
    return Path(named) if named else data_path("prices.toml")


def price(model: str) -> Price:
    """The price of a model: by its name, or by the longest `beginning*` that fits. Raises `InputError`."""
    path = prices_path()
    table = _read(path, path.stat().st_mtime_ns if path.exists() else 0)
    fitting = [name for name in table if name.endswith("*") and model.startswith(name[:-1])]
    return table.get(model) or (table[max(fitting, key=len)] if fitting else Price())


@lru_cache(4)
def _read(path: Path, _time: int) -> dict[str, Price]:
    try:
        held = tomllib.loads(path.read_text())
        table = {name: Price(**row) for name, row in held.items()}
        if bad := [name for name, row in table.items() if not min(row.input, row.output, row.batch) >= 0]:
            raise ValueError(f"the price of {bad[0]} is below zero")
        return table
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"the prices cannot be read: {error}", where=str(path),
                         mend='write them as ["model"], input = dollars per million tokens, output = …') from error
