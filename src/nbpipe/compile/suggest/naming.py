"""Names for proposed steps: from the heading above, else from what the code does most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbpipe.compile.tags import is_name, suggested_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 28
MOST_WORDS = 4

_NUMBER = re.compile(
    r"^(?:(?:chapter|section|part|step|exercise|example|task|lesson|appendix)\s+)?"
    r"(?:\(?(?:\d+|[a-z]|[ivx]+)[.):](?=\s)|\d+(?:\.\d+)*[.):]*(?=\s))\s*(?:[-–—:]\s*)?",  # noqa: RUF001
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")  # noqa: RUF001
_JOINT = re.compile(r"\s(?:of|in|on|for|with|by|from|at|as|using|via|to|and)\s", re.IGNORECASE)
_FILLERS = frozenset(
    "a an the of and or to in on for with by from at as is are be it its this that these those we "  # noqa: SIM905
    "our their you your let us lets how what why when where some using use via into about more now "
    "here first next then finally so can do does will should i my vs per".split()
)
_VERBS = (
    ("save", r"\.to_(?:csv|parquet|json|excel|pickle|sql)\(|savefig\(|\bdump\(|\.save\("),
    ("train", r"\.fit(?:_transform|_predict)?\(|\btrain\("),
    ("evaluate", r"predict\(|\bscore\(|accuracy|confusion|cross_val|_score\("),
    ("simulate", r"np\.random|rng\.|random\."),
    ("load", r"read_(?:csv|table|excel|json|parquet|sql|html)\(|\bopen\(|\bload\w*\("),
    ("clean", r"dropna|fillna|drop_duplicates|astype\(|replace\(|\.strip\("),
    ("join", r"merge\(|\.join\(|concat\("),
    ("group", r"groupby\(|pivot|crosstab|resample\("),
    ("plot", r"plt\.|sns\.|\bax\w*\.|\.plot\b|\.hist\("),
    ("explore", r"\.head\(|\.tail\(|describe\(|\.info\(|value_counts|\.shape\b"),
    ("define", r"^\s*(?:def|class)\s"),
)
_PATTERNS = tuple((verb, re.compile(pattern, re.MULTILINE)) for verb, pattern in _VERBS)


def name_of_title(title: str) -> str:
    """Return a short step name made of a heading's words; empty where it has none.

    What is too long for a name is cut where the heading itself has a joint: to what stands
    after a colon, or before a preposition.
    """
    plain = _NUMBER.sub("", title, count=1) or title
    told = _told(plain)
    name = _joined(told)
    if not _holds(name, told):
        special = [word for word in _told(plain.partition(": ")[2]) if word not in _FILLERS]
        name = _joined(special or _to_the_joint(plain) or told)
    return name if name and is_name(name) else (suggested_name(name) if name else "")


def _told(title: str) -> list[str]:
    """The words of a heading that tell something; all of them where none does."""
    words = [word.lower().replace("’", "").replace("'", "") for word in _WORD.findall(title)]  # noqa: RUF001
    return [word for word in words if word not in _FILLERS] or words


def _to_the_joint(title: str) -> list[str]:
    """The longest beginning of two words or more that ends before a preposition and fits."""
    for joint in reversed(list(_JOINT.finditer(title))):
        told = _told(title[: joint.start()])
        if len(told) > 1 and _holds(_joined(told), told):
            return told
    return []


def _joined(words: Sequence[str]) -> str:
    """As many of the words as a name takes."""
    name = ""
    for word in words[:MOST_WORDS]:
        longer = f"{name}-{word}" if name else word[:LONGEST]
        if len(longer) > LONGEST:
            break
        name = longer
    return name


def _holds(name: str, words: Sequence[str]) -> bool:
    return name == "-".join(words)


def name_of_code(sources: Iterable[str]) -> str:
    """Return a verb for what the code does most; ``compute`` where nothing stands out."""
    text = "\n".join(sources)
    counts = [(len(pattern.findall(text)), verb) for verb, pattern in _PATTERNS]
    most = max(count for count, _ in counts)
    return next(verb for count, verb in counts if count == most) if most else "compute"


def unique_names(wanted: Sequence[str]) -> list[str]:
    """Return the names, those that come again with a number."""
    taken: set[str] = set()
    found = []
    for name in wanted:
        number, free = 2, name
        while free.lower() in taken:
            free = f"{name}-{number}"
            number += 1
        taken.add(free.lower())
        found.append(free)
    return found
