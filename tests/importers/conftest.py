"""Sources for importers: the samples beside this file, held in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbpipe.importers.carried import MemorySources
from nbpipe.importers.formats import carry
from nbpipe.importers.result import finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.importers.result import Imported

SAMPLES = Path(__file__).parent / "samples"


def read_sample(name: str) -> MemorySources:
    folder = SAMPLES / name
    files = (path for path in folder.rglob("*") if path.is_file())
    return MemorySources({f.relative_to(folder).as_posix(): f.read_bytes() for f in files})


@pytest.fixture
def sample() -> Callable[[str], MemorySources]:
    return read_sample


@pytest.fixture
def imported() -> Callable[[str, str], Imported]:
    def read(name: str, path: str) -> Imported:
        sources = read_sample(name)
        return finish(carry(path, sources), sources)

    return read
