"""What code does beside binding names: random draws, files, settings, figures, live handles."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from nbpipe.compile.dataflow import reports
from nbpipe.compile.flow import FileUse
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import JOIN

if TYPE_CHECKING:
    from nbpipe.compile.dataflow.ownership import Ownership
    from nbpipe.compile.dataflow.versions import StepState, Version
    from nbpipe.compile.flow import Site
    from nbpipe.compile.reading.facts import Template, Use

_MODES = {"r": "r", "w": "w", "rw": "rw", "c": "c"}
_FIGURE_MODULES = ("matplotlib.pyplot.", "pylab.")
_DRAWN_ON = frozenset({"plot", "hist", "boxplot"})
"""Methods with which tables draw."""


class Outside:
    """Reads the tables for the statement at hand."""

    def __init__(self, trace: Ownership) -> None:
        self.trace = trace
        self.figures: list[str] = []
        self.drawn = False
        self.handles: dict[str, tuple[str, Site]] = {}

    def dotted(self, root: str, attrs: tuple[str, ...]) -> str:
        """Return the full dotted name of a use, through the imports above; empty for data."""
        version = self.trace.env.get(root)
        if version is None:
            return ".".join((root, *attrs)) if root in known.BUILTINS else ""
        if version.kind != "import":
            return ""
        return ".".join((version.dotted, *attrs))

    # text ------------------------------------------------------------------------------------

    def text(self, template: Template | None) -> str | None:
        """Return the text of a template, where all names in it are known text."""
        if template is None:
            return None
        out = ""
        for part in template:
            if isinstance(part, tuple):
                version = self.trace.env.get(part[0])
                if version is None or version.text is None or not version.sure:
                    return None
                out += version.text
            elif part == JOIN:
                out = out.rstrip("/") + "/" if out else ""
            else:
                out += part
        return out

    # tables ----------------------------------------------------------------------------------

    def unstorable(self, dotted: str) -> str:
        """Return why the result of a call cannot be stored; empty where it can."""
        if dotted in known.UNSTORABLE:
            return known.UNSTORABLE[dotted]
        parts = dotted.split(".")
        for length in range(len(parts) - 1, 1, -1):
            short = ".".join(parts[:length])
            if short == "pyspark.sql.SparkSession" or short == "pyspark.SparkContext":
                return known.UNSTORABLE[short]
        return ""

    def kind(self, dotted: str) -> str:
        """Return what a library call makes, as far as that matters here."""
        if dotted in known.KINDS:
            return known.KINDS[dotted]
        if dotted.startswith(known.NUMPY_PARTS):
            return "numpy" if not dotted.startswith("numpy.random.") else "generator-of-numbers"
        if dotted.startswith("pandas."):
            return "pandas"
        if dotted.startswith("matplotlib."):
            return "matplotlib"
        return "range" if dotted == "range" else ""

    # uses ------------------------------------------------------------------------------------

    def use(self, use: Use, line: int) -> None:
        """Record one dotted use."""
        if use.attrs == ("__file__",):
            self._file(str(use.keywords["mode"]), use.paths[0], line)
            return
        dotted = self.dotted(use.root, use.attrs)
        last = dotted.rpartition(".")[2] or (use.attrs[-1] if use.attrs else use.root)
        self._random(use, dotted, last)
        if use.paths:
            self._path(use, dotted, last, line)
        if dotted.startswith(_FIGURE_MODULES):
            self._figure(last, line)
        self.drawn = self.drawn or _draws(dotted, last, use.attrs)

    def _random(self, use: Use, dotted: str, last: str) -> None:
        state = self.trace.state
        generator = known.SEEDS.get(dotted, "")
        seeds = (generator,) if generator else known.SEED_ALL.get(dotted, ())
        if last == "seed_everything":
            seeds = known.SEED_ALL[last]
        if seeds:
            state.seeds_first |= set(seeds) - state.draws - state.seeds
            state.seeds |= set(seeds)
            return
        drawn = self._drawn(use, dotted, last)
        if drawn:
            state.draws.add(drawn)

    def _drawn(self, use: Use, dotted: str, last: str) -> str:
        if dotted.startswith("random."):
            return "random" if last in known.RANDOM_DRAWS and dotted.count(".") == 1 else ""
        if dotted.startswith("numpy.random."):
            return "numpy" if last in known.NUMPY_DRAWS and dotted.count(".") == 2 else ""
        if dotted.startswith("torch."):
            return "torch" if last in known.TORCH_DRAWS and "generator" not in use.keywords else ""
        if dotted and not dotted.startswith(known.HIDDEN_ROOTS):
            return ""
        if not dotted:
            data = last in ("sample", "rvs") and bool(use.attrs)
            return "numpy" if data and _unseeded(use) and self._samples(use) else ""
        return "numpy" if _hidden_draw(use, last) else ""

    def _samples(self, use: Use) -> bool:
        version = self.trace.env.get(use.root)
        return version is None or not (version.carries or version.instances)

    # files -----------------------------------------------------------------------------------

    def _path(self, use: Use, dotted: str, last: str, line: int) -> None:
        if dotted in known.PATH_CALLS:
            position, mode = known.PATH_CALLS[dotted]
            self._call_path(use, position, mode, line, known.SUFFIXES.get(dotted, ""))
        elif last in known.READ_FILES:
            self._file("r", _argument(use, 0), line)
        elif last in known.WRITE_METHODS:
            self._file("w", _argument(use, 0), line)
        elif last in known.PATH_METHODS and not dotted:
            mode = known.PATH_METHODS[last]
            if mode == "m":
                mode = str(use.keywords.get("mode", use.keywords.get("first", "r")))
            self._file(_mode(mode), use.paths[0], line)

    def _call_path(self, use: Use, position: int, mode: str, line: int, suffix: str) -> None:
        if mode == "m":
            mode = _mode(str(use.keywords.get("mode", "r")))
        if mode == "c":
            self._file("r", _argument(use, 0), line)
            self._file("w", _argument(use, 1), line)
            return
        self._file(mode, _argument(use, position), line, suffix)

    def module(self, name: str, line: int) -> None:
        """Record that a module is imported, which a step above may have written."""
        path = f"{name}.py"
        if any(use.path == path for step in self.trace.steps.values() for use in step.writes):
            self._file("r", (path,), line)

    def _file(self, mode: str, template: Template | None, line: int, suffix: str = "") -> None:
        path = self.text(template)
        if not path or path == ":memory:" or "\n" in path or "://" in path:
            return
        path += suffix if not path.endswith(suffix) else ""
        found = FileUse(posixpath.normpath(path), self.trace.site(line))
        if "r" in mode:
            self.trace.state.reads.append(found)
        if "w" in mode:
            self.trace.state.writes.append(found)

    # figures ---------------------------------------------------------------------------------

    def _figure(self, last: str, line: int) -> None:
        """Pyplot acts on the current figure, which no step can hand to another."""
        trace, state = self.trace, self.trace.state
        if not state.name:
            return
        if last in known.PYPLOT_NEW:
            state.figure = True
            self.figures.append(state.name)
        elif last in known.PYPLOT_ON and not state.figure:
            above = [name for name in self.figures if name != state.name]
            if above and state.name not in self.figures:
                trace._once(
                    reports.current_figure(state.name, above[-1], last, trace.here(line)),
                    "figure",
                )

    def begin(self, state: StepState) -> None:
        """Note for a step that begins whether something above has drawn."""
        state.after_drawing = self.drawn

    # handles ---------------------------------------------------------------------------------

    def touched(self, name: str, version: Version, site: Site) -> None:
        """Note a change made through a handle that every step makes anew."""
        state = self.trace.state
        if not state.name:
            return
        before = self.handles.get(name)
        if before is None:
            self.handles[name] = (state.name, site)
        elif before[0] != state.name:
            self.trace._once(
                reports.handle(
                    name, version.unstorable, before[0], state.name, self.trace.place(site)
                ),
                name,
            )


def _argument(use: Use, position: int) -> Template | None:
    return use.paths[position + 1] if len(use.paths) > position + 1 else None


def _mode(mode: str) -> str:
    if "+" in mode or "a" in mode:
        return "rw"
    return "w" if "w" in mode or "x" in mode else "r"


def _unseeded(use: Use) -> bool:
    return use.keywords.get("random_state") is None


def _hidden_draw(use: Use, last: str) -> bool:
    if last not in known.NUMPY_HIDDEN and last not in known.ONLY_WITH and last != "rvs":
        return False
    if not _unseeded(use):
        return False
    keyword, values = known.ONLY_WITH.get(last, ("", None))
    if not keyword:
        return True
    given = use.keywords.get(keyword)
    return given in values if values is not None else bool(given)


def _draws(dotted: str, last: str, attrs: tuple[str, ...]) -> bool:
    """Whether a call makes pyplot draw, as far as its name tells."""
    if dotted.startswith(_FIGURE_MODULES):
        return last in known.PYPLOT_NEW or last in known.PYPLOT_ON or last == "show"
    if dotted.startswith("seaborn."):
        return last in known.SEABORN_NEW
    return not dotted and not _DRAWN_ON.isdisjoint(attrs)
