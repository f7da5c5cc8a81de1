"""Scripts, Markdown files and papermill's notebooks."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import papermill
from nbpipe.importers.carried import MemorySources
from nbpipe.importers.result import finish
from nbpipe.importers.scripts import read_script

LIGHT = """# # Title
#
# text

import os

# + tags=["step:a"]
x = 1

y = 2
# -

def f():
    return 1


f()

z = [
    1,

    2,
]
"""
PERCENT = """# %% [markdown]
# # Title
# text
# %%
import os
# %% tags=["step:a"]
x = 1

y = 2
# %%
# %time f()
"""
MYST = """---
jupytext:
  text_representation:
    format_name: myst
---

# Title

```python
shown = 1
```

```{code-cell} ipython3
:tags: [step:a, hide]

x = 1
```
"""
MARKDOWN = """# Title

```python tags=["step:a"]
x = 1
```

```bash
ls
```
"""


def code_of(text, path):
    return [(p.source, p.tags) for p in read_script(text, path)[0] if p.kind == "code"]


@pytest.mark.parametrize(
    ("text", "path", "cells"),
    [
        (LIGHT, "a.py", [("import os", ()), ("x = 1\n\ny = 2", ("step:a",)),
                         ("def f():\n    return 1", ()), ("f()", ()),
                         ("z = [\n    1,\n\n    2,\n]", ())]),
        (PERCENT, "a.py", [("import os", ()), ("x = 1\n\ny = 2", ("step:a",)), ("%time f()", ())]),
        (MYST, "a.md", [("x = 1", ("step:a", "hide"))]),
        (MARKDOWN, "a.md", [("x = 1", ("step:a",))]),
        ('```{python, tags=c("step:a")}\nx = 1\n```\n', "a.Rmd", [("x = 1", ("step:a",))]),
        ('# %% language="bash"\n# ls', "a.py", [("%%bash\nls", ())]),
        ('# %% language="R" magic_args="-i df"\n# df', "a.py", [("%%R -i df\ndf", ())]),
        ('# %% active=""\n# x = 1', "a.py", []),
        ('# %% active="ipynb"\n# x = 1', "a.py", [("x = 1", ())]),
        ("# + language=\"html\"\n# <p>\n# -", "a.py", [("%%html\n<p>", ())]),
        ("x = 1", "a.py", [("x = 1", ())]),
        ("", "a.py", []),
    ],
)  # fmt: skip
def test_the_code_cells_of_each_format_are_found(text, path, cells):
    assert code_of(text, path) == cells


def test_text_becomes_markdown_without_its_marks():
    texts = [p.source for p in read_script(LIGHT, "a.py")[0] if p.kind == "markdown"]
    assert texts == ["# Title\n\ntext"]


def test_a_script_in_r_keeps_its_language():
    assert read_script("# %%\nx <- 1", "a.R")[1]["kernelspec"]["name"] == "ir"


def test_a_script_without_steps_is_one_step(imported):
    whole = imported("jupytext", "light.py")
    assert [step.name for step in whole.pipeline.steps] == ["load", "root"]


def test_what_papermill_put_in_becomes_the_default(imported):
    whole = imported("papermill", "executed.ipynb")
    document = json.loads(whole.files[0].text)
    assert ["".join(cell["source"]) for cell in document["cells"]] == [
        'n = 5\nname = "a"',
        "squares = [i * i for i in range(n)]\nprint(name, squares)",
    ]
    assert [step.name for step in whole.pipeline.steps] == ["executed"]
    assert len(whole.notes) == 1


def test_what_a_cell_of_parameters_does_besides_becomes_setup():
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [],
            "execution_count": None}  # fmt: skip
    source = "import os\nn = 1  # how many\nwhere = os.getcwd()\n"
    cells = [{**cell, "source": source}, {**cell, "metadata": {}, "source": "print(n, where)"}]
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    memory = MemorySources({"a.ipynb": json.dumps(document).encode()})
    imported = finish(papermill.carry("a.ipynb", memory), memory)
    made = json.loads(imported.files[0].text)["cells"]
    assert [("".join(c["source"]).strip(), c["metadata"].get("tags")) for c in made] == [
        ("n = 1  # how many", ["parameters"]),
        ("import os\nwhere = os.getcwd()", ["setup"]),
        ("print(n, where)", None),
    ]
    assert imported.pipeline.errors == ()
