"""What one reading of a cell's source finds: frozen facts, statement by statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Names = frozenset[str]
NOTHING: Names = frozenset()
JOIN = "\0/"
SUPER = "super"
ALL = "."
"""Pattern of all names."""
Template = tuple["str | tuple[str]", ...]


class Call(NamedTuple):
    """A call of something that the user may have written: ``root(...)`` or ``root.attr(...)``.

    `args` and `keywords` hold, for each argument, the names whose objects it is (part of).
    """

    root: str
    attr: str
    args: tuple[Names, ...]
    keywords: tuple[tuple[str, Names], ...]
    line: int


class Use(NamedTuple):
    """A dotted call or name that the tables may know: ``root.attrs(...)`` and its arguments."""

    root: str
    attrs: tuple[str, ...]
    line: int
    keywords: Mapping[str, object]
    paths: tuple[Template | None, ...]
    args: int
    bare: bool = False


class Change(NamedTuple):
    """An object changed in place: by a ``store``, a known ``method`` or a ``bare`` unknown call.

    `deep` where it is an element of what the name stands for, which copies may share.
    """

    name: str
    how: str
    attr: str
    line: int
    deep: bool = False


class Made(NamedTuple):
    """A value is the result of calling ``root.attrs`` with these objects."""

    root: str
    attrs: tuple[str, ...]
    args: tuple[Names, ...]


class Value(NamedTuple):
    """What a bound name's value is made from.

    Attributes
    ----------
    same
        Names whose very object it may be.
    part
        Names whose object it may be a part of, or hold.
    view
        Those of `part` of which it is a slice.
    holds
        Names whose functions it may hold on to.
    made, inner
        Calls whose result it may be; functions written inside it.
    kind
        ``immutable``, ``list``, ``dict``, ``set``, ``generator``, ``iterator``, ``method`` (one
        that changes what it is bound to) or empty.
    text
        Its text where that can be worked out.
    """

    same: Names = NOTHING
    part: Names = NOTHING
    view: Names = NOTHING
    holds: Names = NOTHING
    made: tuple[Made, ...] = ()
    inner: tuple[Summary, ...] = ()
    kind: str = ""
    text: Template | None = None


PLAIN = Value()
IMMUTABLE = Value(kind="immutable")


class Summary(NamedTuple):
    """What running a function, or using a class, may do.

    Attributes
    ----------
    name, kind
        Its name; ``function``, ``generator``, ``lambda`` or ``class``.
    free
        Global names that it reads → line; `sure` are those read on every way through.
    binds, changes
        Global names that it binds anew and objects that it changes.
    params, changed
        Its parameters and those that it changes in place.
    rest
        How many arguments it takes by position, and what it calls those beyond: ``*args``,
        ``**kwargs``.
    calls, uses, opaque, words
        As in `Statement`.
    returns
        What it may give back, in terms of its parameters and of globals.
    keeps
        Parameters that an instance holds on to.
    stored
        Calls whose results are stored on attributes of an argument.
    stateful
        True if a call changes what the function itself carries.
    sets
        Dotted targets of what may be settings in it, as `Statement.effect`.
    members, bases
        A class's methods and its bases.
    unstorable
        Why an instance cannot be stored; empty where nothing says so.
    """

    name: str
    kind: str
    free: Mapping[str, int]
    sure: Names = NOTHING
    binds: Names = NOTHING
    changes: tuple[Change, ...] = ()
    params: tuple[str, ...] = ()
    changed: Names = NOTHING
    calls: tuple[Call, ...] = ()
    uses: tuple[Use, ...] = ()
    opaque: str = ""
    words: tuple[str, ...] = ()
    returns: Value = PLAIN
    keeps: Names = NOTHING
    stored: tuple[Made, ...] = ()
    stateful: bool = False
    sets: tuple[tuple[str, ...], ...] = ()
    members: Mapping[str, Summary] = {}
    bases: tuple[str, ...] = ()
    unstorable: str = ""
    rest: tuple[int, str, str] = (999, "", "")


class Statement(NamedTuple):
    """One top-level statement of a cell.

    Attributes
    ----------
    line, end
        Its first line (decorators included) and its last.
    kind
        ``import``, ``definition``, ``assign`` or ``code``.
    reads
        Names read before the statement itself binds them → line.
    doubts, peeks
        Those of `reads` that may not happen; names that only count where somebody gives them.
    inner
        Names read after the statement itself bound them.
    after
        Name → names that were bound by the statement whenever it was read.
    binds, maybe
        Names certainly and perhaps bound at its end → line.
    gone, maybe_gone
        Names certainly and perhaps deleted.
    changes, calls, uses
        Objects changed in place; calls; dotted uses that the tables may know.
    links
        Objects put into others: name → what was put into it.
    put
        Functions put into objects: name → a function written on the spot.
    values, summaries, imports
        Bound name → what its value is made from, functions, dotted name of the import.
    attrs, gets
        ``name.attribute`` reads, and names that were subscripted.
    words
        Text that may hold code, as formulas do.
    opaque
        Why its names cannot all be known.
    effect, sets
        Dotted target of a bare call, or of a store to an attribute or item; those of the
        statements inside it.
    origin
        Path that the one name of an assignment stands for: ``("pd", "options")``.
    wipes
        Pattern of the names that ``%reset`` deletes; empty for other statements.
    only_sets
        True where it holds nothing but such statements.
    pure
        True where running it a second time would show something and change nothing.
    star
        Module of a star import.
    """

    line: int
    end: int
    kind: str
    reads: Mapping[str, int]
    doubts: Names
    peeks: Mapping[str, int]
    inner: Mapping[str, int]
    after: Mapping[str, Names]
    binds: Mapping[str, int]
    maybe: Mapping[str, int]
    gone: Names
    maybe_gone: Names
    changes: tuple[Change, ...]
    calls: tuple[Call, ...]
    uses: tuple[Use, ...]
    links: tuple[tuple[str, Names], ...]
    put: tuple[tuple[str, Summary], ...]
    values: Mapping[str, Value]
    summaries: Mapping[str, tuple[Summary, ...]]
    imports: Mapping[str, str]
    attrs: tuple[tuple[str, str], ...]
    gets: tuple[str, ...]
    words: tuple[str, ...]
    opaque: str
    effect: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    origin: tuple[str, ...]
    wipes: str
    only_sets: bool
    pure: bool
    star: str
    modules: Names


class Fault(NamedTuple):
    """Why a cell cannot be read: a code, a sentence, the line and what to do."""

    code: str
    message: str
    line: int | None
    suggestion: str = ""


class CellFacts(NamedTuple):
    """A cell's statements, or the fault that kept it from being read.

    `shows` is True where its last statement is an expression, whose value IPython calls ``_``.
    """

    statements: tuple[Statement, ...]
    fault: Fault | None = None
    shows: bool = False
