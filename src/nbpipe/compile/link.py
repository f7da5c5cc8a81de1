"""Who gives what to whom: the needs of steps linked to givers, across notebooks too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from nbpipe.compile.cures import after_instead, read_instead
from nbpipe.compile.files import link_files
from nbpipe.compile.links import Links, Taken, waits_for
from nbpipe.compile.pipeline import Reason
from nbpipe.errors import Fix, Problem, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbpipe.compile.flow import Need, Site
    from nbpipe.compile.links import Part
    from nbpipe.compile.notebook import Cell
    from nbpipe.compile.pipeline import Learned

_GATHER = re.compile(r"""\bgather\(\s*(['"])(?P<name>\w+)\1\s*[,)]""")


class Linker:
    """Links the steps of a whole project; `parts` are in notebook order."""

    def __init__(
        self,
        parts: Sequence[Part],
        parameters: Iterable[str],
        learned: Mapping[str, Learned],
    ) -> None:
        self.parts = parts
        self.by_name = {part.name: part for part in parts}
        self.position = {part.name: index for index, part in enumerate(parts)}
        self.parameters = frozenset(parameters)
        self.learned = learned
        self.links = Links()
        self.binders: dict[str, list[Part]] = {}
        for part in parts:
            for name in part.flow.binds:
                self.binders.setdefault(name, []).append(part)
        self.fanned = {part.name for part in parts if part.draft.foreach}

    def link(self) -> Links:
        """Return all links."""
        for part in self.parts:
            self.links.inputs[part.name] = {}
            for need in part.flow.needs:
                self._link_need(part, need)
            self._link_gathers(part)
            self._link_after(part)
        self._link_learned()
        self._draw_inputs()
        link_files(self.parts, self.learned, self.links)
        self._link_random()
        return self.links

    # names

    def _link_need(self, part: Part, need: Need) -> None:
        giver = need.giver
        if giver is None:
            if need.name in self.parameters:
                return
            giver = self._elsewhere(part, need)
        if giver is None:
            return
        if giver in self.fanned and not giver.endswith("[]"):
            self.links.problems.append(self._plain_read(part, need, giver))
            return
        text = f"{part.name} reads {need.name}, which {giver} gives"
        reason = Reason(text, part.path, need.read.cell, need.read.line)
        self.links.inputs[part.name][need.name] = Taken(giver, reason)

    def _elsewhere(self, part: Part, need: Need) -> str | None:
        """The only step of another notebook that gives the name; a problem if there is none."""
        last = {other.path: other for other in self.binders.get(need.name, ())}
        last.pop(part.path, None)
        if len(last) > 1:
            asked = [other for other in last.values() if other.name in part.draft.after]
            last = {other.path: other for other in asked} if len(asked) == 1 else last
        if len(last) == 1:
            return next(iter(last.values())).name
        if last:
            self.links.problems.append(self._two_givers(part, need, list(last.values())))
        elif need.certain:
            self.links.problems.append(self._no_giver(part, need))
        return None

    def _no_giver(self, part: Part, need: Need) -> Problem:
        known = [*self.binders, *self.parameters]
        near, cell = nearest(need.name, known), _cell(part, need.read.cell)
        problem = Problem(
            "nobody-gives",
            f"Step {part.name!r} needs {need.name!r}, but no step above it, no setup cell and no "
            "parameter gives it.",
            suggestion=f"Did you mean {near!r}?"
            if near
            else "Bind it in a step above, in a setup cell, or as a parameter.",
            fix=read_instead(cell, need.name, near) if cell and near else None,
        )
        return _placed(problem, part, need.read)

    def _two_givers(self, part: Part, need: Need, givers: Sequence[Part]) -> Problem:
        names = " and ".join(f"{giver.name} ({giver.path})" for giver in givers)
        problem = Problem(
            "two-givers",
            f"Step {part.name!r} needs {need.name!r}, which more than one step gives: {names}.",
            suggestion=f"Rename one, or tag {part.name} with after:{givers[0].name} to choose.",
            fix=waits_for(part, givers[0].name),
        )
        return _placed(problem, part, need.read)

    def _plain_read(self, part: Part, need: Need, giver: str) -> Problem:
        gathered, cell = f'nbpipe.gather("{need.name}")', _cell(part, need.read.cell)
        problem = Problem(
            "plain-read-of-fan-out",
            f"Step {part.name!r} reads {need.name!r}, but {giver!r} runs once for each item and "
            "so gives many values.",
            suggestion=f"Read all of them with nbpipe.gather({need.name!r}).",
            fix=read_instead(cell, need.name, gathered, "import nbpipe") if cell else None,
        )
        return _placed(problem, part, need.read)

    def _link_gathers(self, part: Part) -> None:
        for cell in part.draft.cells:
            if "gather" not in cell.source:
                continue
            for found in _GATHER.finditer(cell.source):
                line = cell.source.count("\n", 0, found.start()) + 1
                self._link_gather(part, found, Reason("", part.path, cell.id, line))

    def _link_gather(self, part: Part, found: re.Match[str], at: Reason) -> None:
        name = found["name"]
        above = [
            other for other in self.binders.get(name, ())
            if other.name in self.fanned and other.name != part.name
        ]  # fmt: skip
        if not above:
            self.links.problems.append(
                Problem(
                    "gather-of-nothing",
                    f"Step {part.name!r} gathers {name!r}, but no step that runs once for each "
                    "item gives it.",
                    notebook=at.notebook,
                    cell=at.cell,
                    line=at.line,
                    suggestion=did_you_mean(name, self.binders)
                    or f"Tag the step that gives {name} with foreach:X in ITEMS.",
                    fix=self._gather_instead(found, at.cell),
                )
            )
            return
        giver = above[-1].name
        self.links.gathers.setdefault(part.name, {})[name] = giver
        text = f"{part.name} gathers {name} from every item of {giver}"
        self.links.edge(giver, part.name, "data", name, Reason(text, at.notebook, at.cell, at.line))

    def _gather_instead(self, found: re.Match[str], cell: str | None) -> Fix | None:
        """Gather the nearest name that a fan-out gives."""
        given = [
            name for name, parts in self.binders.items()
            if any(part.name in self.fanned for part in parts)
        ]  # fmt: skip
        near = nearest(found["name"], given)
        if not near or cell is None:
            return None
        begin, end = found.span("name")
        source = found.string[:begin] + near + found.string[end:]
        return Fix(cell, source=source, says=f"gather {near}")

    # order

    def _link_after(self, part: Part) -> None:
        for name, cell in part.draft.after.items():
            if name == part.name:
                self.links.problems.append(
                    Problem(
                        "cycle",
                        f"Step {part.name!r} waits for itself.",
                        notebook=part.path,
                        cell=cell.id if cell else None,
                        index=cell.index if cell else None,
                        suggestion=f"Remove after:{name}.",
                    )
                )
                continue
            if name not in self.by_name:
                near = nearest(name, self.by_name.keys() - {part.name})
                self.links.problems.append(
                    Problem(
                        "unknown-step",
                        f"Step {part.name!r} waits for {name!r}, but no step has that name.",
                        notebook=part.path,
                        cell=cell.id if cell else None,
                        index=cell.index if cell else None,
                        suggestion=f"Did you mean {near!r}?" if near else "",
                        fix=after_instead(cell, name, near) if cell else None,
                    )
                )
                continue
            text = f"{part.name} is tagged to run after {name}"
            reason = Reason(text, part.path, cell.id if cell else None, 1 if cell else None)
            self.links.edge(name, part.name, "order", "", reason)

    # hidden state and what runs found out

    def _link_random(self) -> None:
        """The state of a seeded global generator goes from each step that draws to the next."""
        by_path: dict[str, list[Part]] = {}
        for part in self.parts:
            by_path.setdefault(part.path, []).append(part)
        for parts in by_path.values():
            seeded = parts[0].seeded.union(*(part.flow.seeds for part in parts))
            for generator in sorted(seeded):
                self._link_generator(generator, parts)

    def _link_generator(self, generator: str, parts: Sequence[Part]) -> None:
        last: Part | None = None
        for part in parts:
            learned = self.learned.get(part.name)
            draws = generator in part.flow.draws or (learned and generator in learned.draws)
            if last is not None and draws and generator not in part.flow.seeds_first:
                self.links.random.setdefault(part.name, {})[generator] = last.name
                text = f"{part.name} continues the random numbers of {generator} after {last.name}"
                self.links.edge(last.name, part.name, "data", "", Reason(text, part.path))
            if draws or generator in part.flow.seeds:
                last = part

    def _link_learned(self) -> None:
        for part in self.parts:
            known = self.learned.get(part.name)
            for name in sorted(known.needs) if known else ():
                if name not in self.links.inputs[part.name]:
                    self._learn_need(part, name)
            for name in sorted(known.gives) if known else ():
                self._learn_change(part, name)

    def _learn_need(self, part: Part, name: str) -> None:
        above = [
            p
            for p in self.binders.get(name, ())
            if self.position[p.name] < self.position[part.name]
        ]
        if above:
            self._learn(above[-1].name, part, name, "asked for it when it ran")

    def _learn_change(self, part: Part, name: str) -> None:
        """`part` changes `name` unseen: later steps take it from there."""
        for later in self.parts[self.position[part.name] + 1 :]:
            taken = self.links.inputs[later.name].get(name)
            if taken and self.position[taken.giver] < self.position[part.name]:
                self._learn(part.name, later, name, "was seen to change it when it ran")

    def _learn(self, giver: str, part: Part, name: str, how: str) -> None:
        text = f"{part.name} takes {name} from {giver}: a run found this ({how})"
        self.links.inputs[part.name][name] = Taken(giver, Reason(text, part.path), learned=True)

    def _draw_inputs(self) -> None:
        for name, taken_names in self.links.inputs.items():
            for taken_name, taken in taken_names.items():
                self.links.edge(taken.giver, name, "data", taken_name, taken.reason)
                if taken.learned:
                    self.links.learned.add((taken.giver, name, "data"))


def _placed(problem: Problem, part: Part, site: Site) -> Problem:
    """The problem, with the line it speaks of."""
    index = next((c.index for c in part.reading.notebook.cells if c.id == site.cell), None)
    return replace(problem, notebook=part.path, cell=site.cell, index=index, line=site.line)


def _cell(part: Part, cell: str | None) -> Cell | None:
    return next((each for each in part.draft.cells if each.id == cell), None)
