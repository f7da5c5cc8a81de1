"""One step inside its kernel: load what it needs, run, save what it gives."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Iterable, Sequence, cast

from . import codecs, fanout, fingerprint, generators, metrics, pickles, pictures
from .failpoints import reach
from .objects import object_path, write_atomically
from .outputs import save_outputs
from .task import Held, Task
from .watch import Watch

if TYPE_CHECKING:
    from .report import Report

CHECKED = 1 << 26
_MODULES = ("nbpipe_kernelside.session", "nbpipe.kernelside.session")
Names = Any  # a name, or a tuple of names that share objects


class Session:
    """What is known between `begin` and `save`.

    Attributes
    ----------
    store
        The store's folder.
    scratch
        The task's own folder, where new files are written.
    task
        What the worker said; None when the notebook is run by hand.
    """

    def __init__(self, store: str, scratch: str, task: Task | None) -> None:
        self.store = store
        self.scratch = scratch
        self.task = task
        self.fetched: list[str] = []
        self.marks: dict[str, str | None] = {}
        self.states: dict[str, bytes] = {}
        self.watch: Watch | None = None
        known = task or Task()
        self.choice = codecs.Choice(tuple(known.codecs), tuple(known.replayed))

    def read(self, held: Held) -> Any:
        """Return the value of an artifact; what runs code when read is checked first."""
        path = object_path(self.store, held.digest)
        if not os.path.exists(path):
            what = ", ".join(held.names) or "The value"
            raise FileNotFoundError(
                f"{what} ({held.digest[:19]}…) is not in the store {self.store}. "
                "Run the step that gives it again."
            )
        codecs.check_bytes(path, held.digest, CHECKED if codecs.is_safe(held.codec) else None)
        try:
            return codecs.decode(path, held.codec, self.choice)
        except Exception as error:
            what = ", ".join(held.names) or "a value"
            _note(error, f"nbpipe: this happened while loading {what} from the store.")
            raise

    def fetch(self, name: str) -> Any:
        """Fetch an upstream name, bind the names that share its objects, and say so."""
        assert self.task is not None
        held = Held.of(self.task.fetch[name])
        names = held.names or (name,)
        value = self.read(held)
        values = value if len(names) > 1 else (value,)
        namespace = pickles.main_namespace()
        for other, part in zip(names, values):
            if not dict.__contains__(namespace, other):
                namespace[other] = part
        self.fetched.append(name)
        self._tell_fetched()
        return dict(zip(names, values))[name]

    def _tell_fetched(self) -> None:
        path = os.path.join(self.scratch, "fetched.json")
        write_atomically(path, json.dumps({"names": self.fetched}).encode())

    def absent(self, name: str) -> None:
        """Say at once that a name above is needed and that nothing holds it."""
        path = os.path.join(self.scratch, "missing.json")
        names = _read_names(path)
        if name not in names:
            write_atomically(path, json.dumps({"names": [*names, name]}).encode())


def _read_names(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return list(json.load(file)["names"])
    except FileNotFoundError:
        return []


def _note(error: BaseException, text: str) -> None:
    """Add a line to an exception where Python can (3.11 and later)."""
    add = getattr(error, "add_note", None)
    if add is not None:
        add(text)


_session: Session | None = None


def current() -> Session | None:
    """Return this kernel's session, also when this package was imported under its other name."""
    if _session is not None:
        return _session
    for name in _MODULES:
        found = getattr(sys.modules.get(name), "_session", None)
        if found is not None:
            return found  # type: ignore[no-any-return]
    return None


def _needed() -> Session:
    session = current()
    if session is None:
        raise RuntimeError("Run the notebook's first cell first: it says where the store is.")
    return session


def begin(store: str, task: str = "", folder: str = "") -> None:
    """Begin a step; run by hand, go to the folder that its source notebook runs in.

    Parameters
    ----------
    store
        The store's folder.
    task
        Name of the task's scratch folder; when that is gone, the notebook runs by hand.
    folder
        The source notebook's folder: modules and files are found from there.
    """
    global _session
    store = os.path.abspath(store)
    scratch = os.path.join(store, "tmp", task) if task else ""
    _session = Session(store, scratch, Task.read(scratch) if task else None)
    if _shared is not None and _shared.fetched:
        _session.fetched = list(_shared.fetched)
        _session._tell_fetched()
    reach("session-begun")
    known = _session.task
    if known is None and os.path.isdir(folder):
        os.chdir(folder)
    namespace = pickles.main_namespace()
    attend = getattr(namespace, "attend", None)
    if known is not None and attend is not None:
        attend(_session.fetch, known.fetch, _session.absent, known.known)
        _look_into_classes(namespace)


def _look_into_classes(namespace: Any) -> None:
    """Fetch what class bodies read before a cell runs: they do not ask the namespace."""
    core = sys.modules.get("IPython")
    shell = core.get_ipython() if core is not None else None
    if shell is None:
        return
    shell.events.register("pre_run_cell", _before_cell)


def _before_cell(info: Any) -> None:
    from .namespace import class_body_names

    namespace: Any = pickles.main_namespace()
    if namespace.pending:
        namespace.prefetch(class_body_names(info.raw_cell or ""))


def load(names: str, digest: str, codec: str) -> Any:
    """Return the value of a name; of several names (``"fig, ax"``), a tuple of theirs.

    Raises
    ------
    FileNotFoundError
        The store does not have it any more.
    ValueError
        The stored bytes are not those that were stored.
    """
    parts = tuple(part.strip() for part in names.split(","))
    return _needed().read(Held(digest, codec, parts))


def load_item(name: str, digest: str, codec: str, index: int) -> Any:
    """Return one item of the list that a fan-out runs over."""
    return _needed().read(Held(digest, codec, (name,)))[index]


def settle() -> None:
    """End the loading: put random generators back, take fingerprints, begin to watch files."""
    session = _needed()
    task = session.task
    if task is None:
        return
    for name, digest in (task.random.get("restore") or {}).items():
        path = object_path(session.store, digest)
        codecs.check_bytes(path, digest)
        with open(path, "rb") as file:
            generators.restore(name, file.read())
    if task.after_drawing:
        pictures.begin_inline(sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot"))
    session.marks = _marks(task.verify)
    ignore = tuple(task.watch.get("ignore", ()))
    session.watch = Watch(task.project, session.store, ignore)
    session.states = generators.capture_all()
    session.watch.start()


class Shared:
    """What the items of a fan-out have in common: their inputs as they were loaded, once.

    Attributes
    ----------
    marks
        Fingerprints of inputs, each with the object that it was taken of.
    fetched
        Names that were fetched before the items parted.
    """

    def __init__(self, session: Session) -> None:
        names = session.task.verify if session.task is not None else ()
        namespace = pickles.main_namespace()
        marks = fingerprint.take(namespace, names)
        self.marks = {name: (dict.get(namespace, name), mark) for name, mark in marks.items()}
        self.fetched = tuple(session.fetched)


_shared: Shared | None = None


def share() -> None:
    """Keep what all processes forked from now on have in common."""
    global _shared
    session = current()
    if session is not None:
        _shared = Shared(session)


def _marks(names: Sequence[str]) -> dict[str, str | None]:
    """Return fingerprints of inputs; those that are shared and still the same are not taken."""
    namespace = pickles.main_namespace()
    shared = {} if _shared is None else _shared.marks
    known = {
        name: mark
        for name, (value, mark) in shared.items()
        if name in names and dict.get(namespace, name) is value
    }
    return {**known, **fingerprint.take(namespace, [n for n in names if n not in known])}


def save(*outputs: Names, metrics: Iterable[str] = (), items: Iterable[str] = ()) -> None:
    """Save what a step gives; run by hand, say that nothing is saved.

    Parameters
    ----------
    *outputs
        Names; a tuple of names that share objects is saved as one.
    metrics
        Names of numbers that belong to the run.
    items
        Names whose items a later step runs over.

    Raises
    ------
    Unstorable
        Some of the values cannot be stored; all of them are named.
    """
    session = _needed()
    if session.task is None:
        print("Run by hand: nothing is saved.")
        return
    groups = [(name,) if isinstance(name, str) else tuple(name) for name in outputs]
    found = _observed(session)
    found.update(save_outputs(session.scratch, session.task, session.choice, groups))
    reach("values-saved")
    found.update(_numbers(session, metrics))
    found["items"] = _items(session, items)
    found["fetched"] = list(session.fetched)
    _publish(session.scratch, cast("Report", found))


def _publish(scratch: str, report: Report) -> None:
    data = json.dumps(report, allow_nan=False).encode()
    write_atomically(os.path.join(scratch, "saved.json"), data)
    reach("report-written")


def _observed(session: Session) -> dict[str, Any]:
    """Return what was seen while the step ran: before values are stored, which draws and reads."""
    task = session.task or Task()
    if session.watch is not None:
        session.watch.stop()
    states = generators.capture_all()
    found: dict[str, Any] = {
        "version": 1,
        "changed": fingerprint.changed(pickles.main_namespace(), session.marks),
        "unverified": sorted(name for name, mark in session.marks.items() if mark is None),
        "random_changed": generators.changed(session.states, states),
        "random": _save_states(session.scratch, states, task.random.get("save", ())),
    }
    seen = session.watch or Watch(task.project, session.store)
    found.update(seen.report())
    return found


def _save_states(scratch: str, states: dict[str, bytes], names: Iterable[str]) -> dict[str, str]:
    """Write the generators' states as ``random-<generator>.json`` and return their digests."""
    import hashlib

    digests = {}
    for name in names:
        if name in states:
            write_atomically(os.path.join(scratch, f"random-{name}.json"), states[name])
            digests[name] = "sha256:" + hashlib.sha256(states[name]).hexdigest()
    return digests


def _numbers(session: Session, names: Iterable[str]) -> dict[str, Any]:
    return {
        "metrics": metrics.collect(pickles.main_namespace(), names),
        "series": metrics.read(session.scratch),
    }


def _items(session: Session, names: Iterable[str]) -> dict[str, Any]:
    namespace = pickles.main_namespace()
    found = {}
    for position, name in enumerate(names):
        if name in namespace:
            stem = os.path.join(session.scratch, f"items-{position}")
            row = fanout.enumerate_items(name, namespace[name], stem, session.choice)
            if "file" in row:
                row["file"] = os.path.basename(row["file"])
            found[name] = row
    return found


def log_metric(name: str, value: Any, step: float | None = None) -> None:
    """Keep a number of the run while it goes; outside a run it is only checked.

    Parameters
    ----------
    name
        What it is called.
    value
        One number.
    step
        Where in a series it belongs, as an epoch.

    Raises
    ------
    TypeError
        The name is not text, or the value is not one number.
    """
    entry = metrics.line(name, value, step)
    session = current()
    if session is not None and session.task is not None:
        metrics.append(session.scratch, entry)


def gather(name: str) -> Sequence[Any]:
    """Return all values of a fanned-out name in item order, each loaded when it is read.

    Outside a run it is a list of the one value at hand.

    Raises
    ------
    NameError
        There is no such name here.
    """
    session = current()
    known = session.task.gather if session is not None and session.task is not None else {}
    if session is not None and name in known:
        return fanout.Gathered(name, [_reader(session, name, held) for held in known[name]])
    for namespace in (sys._getframe(1).f_globals, pickles.main_namespace()):
        if name in namespace:
            return [namespace[name]]
    raise NameError(
        f"gather({name!r}): no step that fans out gives {name!r}, and it is not defined here."
    )


def _reader(session: Session, name: str, data: Any) -> Any:
    held = Held.of(data)

    def read() -> Any:
        value = session.read(held)
        return value[held.names.index(name)] if len(held.names) > 1 else value

    return read
