"""Whether cells touch files in ways that reading their code does not show: which, nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHELL = re.compile(
    r"^\s*!|=\s*!|^\s*%(?:cd|bookmark|save|run|sx|system|store)\b|^%%(?:bash|sh|script|cmd|system|sx|"
    r"writefile|file|perl|ruby)\b|os\.system|os\.popen|subprocess\.|get_ipython\(\)\.system",
    re.MULTILINE,
)
_WRITES = re.compile(
    r"open\([^)\n]*,\s*(?:mode\s*=\s*)?['\"][wax]|\.to_(?:csv|parquet|json|excel|pickle|feather|hdf)\("
    r"|\.to_sql\(|savefig\(|\bsave\w*\(|\.save\w*\(|\bdump\(|write_text\(|write_bytes\(|writeto\("
    r"|mkdir\(|makedirs\(|unlink\(|os\.remove\(|rmtree\(|rename\(|shutil\.|urlretrieve\(|extractall\("
    r"|sqlite3|create_engine|tofile\(|imsave\(|write_\w+\("
)
_READS = re.compile(
    r"\bopen\(|read_\w+\(|\bload\w*\(|\.exists\(|listdir\(|glob\(|iterdir\(|imread\(|loadtxt\("
    r"|genfromtxt\(|fromfile\(|stat\(|getsize\(|is_file\(|is_dir\(|walk\(|scandir\(|sqlite3"
)


def writes(sources: Iterable[str], *, known: bool) -> bool:
    """Whether cells may write files; `known` where reading them found which."""
    text = "\n".join(sources)
    return bool(_SHELL.search(text)) or (not known and bool(_WRITES.search(text)))


def reads(sources: Iterable[str], *, known: bool) -> bool:
    """Whether cells may read files; `known` where reading them found which."""
    text = "\n".join(sources)
    return bool(_SHELL.search(text)) or (not known and bool(_READS.search(text)))
