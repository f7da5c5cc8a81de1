"""Whatever another product's files call things: importing them makes text of it, in one folder."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from nbpipe.cli.app import app
from tests.cli.test_inert_names import DRIVES, HOSTILE
from tests.conftest import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Files = dict[str, str]


def kale(text: str) -> Files:
    settings = {"pipeline_name": text, "experiment_name": text, "volumes": [{"mount_point": text}]}
    cells = ((f"step:{text}", "a = 1"), ("step:b", "b = a"), ("notebook:c", "c = 1"))
    made = document(*cells, kubeflow_notebook={**settings, "steps": {text: {"retry": 2}}})
    made["cells"][0]["metadata"]["tags"] = [
        f"block:{text}",
        f"label:{text}",
        f"limit:{text}:{text}",
    ]
    made["cells"][2]["metadata"]["notebook_path"] = text
    return {"a.ipynb": json.dumps(made)}


def elyra(text: str) -> Files:
    def node(name: str, file: str, *parents: str) -> dict[str, Any]:
        said = {
            "filename": file, "runtime_image": text, "dependencies": [text], "outputs": [text],
            "env_vars": [{"env_var": text, "value": text}],
        }  # fmt: skip
        links = [{"id": f"l-{one}", "node_id_ref": one, "port_id_ref": "o"} for one in parents]
        return {
            "id": name, "type": "execution_node", "op": "execute-notebook-node",
            "app_data": {"component_parameters": said, "ui_data": {"label": text}},
            "inputs": [{"id": "inPort", "links": links}],
        }  # fmt: skip

    said = {
        "name": text,
        "description": text,
        "pipeline_parameters": [{"name": text, "default_value": text}],
    }
    nodes = [node("one", "n.ipynb"), node("two", text, "one"), node(text, "n.ipynb", text, "one")]
    first = {"id": "p", "nodes": nodes, "app_data": {"version": 8, "properties": said}}
    made = {"primary_pipeline": "p", "pipelines": [first]}
    return {"a.pipeline": json.dumps(made), "n.ipynb": json.dumps(document("x = 1"))}


def ploomber(text: str) -> Files:
    tasks = [
        {
            "source": "n.ipynb", "name": text, "product": {"nb": text, text: text},
            "params": {text: text},
        },
        {"source": "n.ipynb", "name": "b", "product": text, "grid": {text: [text]}},
        {"source": text, "product": "c"},
    ]  # fmt: skip
    return {
        "pipeline.yaml": json.dumps({"tasks": tasks, "meta": {text: text}}),
        "env.yaml": json.dumps({text: text}),
        "n.ipynb": json.dumps(document(("parameters", "upstream = None\nproduct = None"), "x = 1")),
    }


def dvc(text: str) -> Files:
    stages = {
        text: {"cmd": f"papermill -p n {text} n.ipynb {text}", "deps": [text], "outs": [text]},
        "b": {"foreach": [text], "do": {"cmd": ["papermill", text], "params": [text]}},
        "c": {"cmd": f"papermill n.ipynb c.ipynb && {text}", "metrics": [{text: {"cache": False}}]},
    }
    made = {"stages": stages, "vars": [{text: text}]}
    return {
        "dvc.yaml": json.dumps(made), "params.yaml": json.dumps({text: text}),
        "n.ipynb": json.dumps(document("x = 1")),
    }  # fmt: skip


def databricks(text: str) -> Files:
    line = text.replace("\n", "\n# MAGIC ")
    cells = (
        f"dbutils.widgets.text({text!r}, {text!r}, {text!r})", f"# MAGIC %run {line}",
        f"# DBTITLE 1,{line}\nx = 1", f"dbutils.notebook.run({text!r}, 60, {{{text!r}: {text!r}}})",
        f"# MAGIC %md {line}",
    )  # fmt: skip
    return {"a.py": "# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join(cells)}


def papermill(text: str) -> Files:
    said = {"parameters": {text: text, "n": text}, "output_path": text}
    return {"a.ipynb": json.dumps(document(("parameters", "n = 1"), "x = n", papermill=said))}


def jupytext(text: str) -> Files:
    line = text.replace("\n", "\n# ")
    tags = json.dumps([f"step:{text}", text])
    return {"a.py": f"# ---\n# jupyter:\n#   title: {line}\n# ---\n\n# + tags={tags}\nx = 1\n# -\n"}


MAKERS = (kale, elyra, ploomber, dvc, databricks, papermill, jupytext)


def everything(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("make", MAKERS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_in_what_is_imported(tmp_path: Path, make: Callable[[str], Files], text: str) -> None:
    place, source = tmp_path / "a" / "b", tmp_path / "a" / "b" / "source"
    source.mkdir(parents=True)
    for name, content in make(text).items():
        (source / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    before = set(everything(tmp_path))
    done = CliRunner().invoke(app, ["import", str(source), "--to", str(place / "new")])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert not DRIVES.search(done.output), done.output
    made = set(everything(tmp_path)) - before
    assert all(name.startswith("a/b/new") for name in made)
    if not made:
        assert done.exit_code == 2
        return
    tomllib.loads((place / "new" / "nbpipe.toml").read_text("utf-8"))
    listed = (place / "new" / "IMPORTED.md").read_text("utf-8")
    assert not DRIVES.search(listed)
    assert not re.search(r"(?<!\\)[<\[]", listed.replace("&lt;", ""))
    for path in (place / "new").rglob("*.ipynb"):
        json.loads(path.read_text("utf-8"))
        assert not DRIVES.search(path.name)


@pytest.mark.parametrize("more", [(), ("--package", "made")], ids=["notebooks", "package"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_in_what_is_extracted(tmp_path: Path, more: tuple[str, ...], text: str) -> None:
    place, source = tmp_path / "a" / "b", tmp_path / "a" / "b" / "source"
    source.mkdir(parents=True)
    cells = (
        ("parameters", f"n = {text!r}"), f"#%md {text}",
        ("setup", f"def shown(x):\n    {text!r}\n    return x"),
        ("step:a", f"x = shown(n)  # {text.splitlines()[0]!r}"), ("step:b", f"print(x, {text!r})"),
    )  # fmt: skip
    said = {"version": 1, "name": text, "steps": {"a": {"reads": [text], "writes": [text]}}}
    made = document(*cells, nbpipe=said, title=text, authors=[{"name": text}])
    (source / "n.ipynb").write_text(json.dumps(made))
    before = set(everything(tmp_path))
    command = ["extract", str(source), "--to", str(place / "new"), *more]
    done = CliRunner().invoke(app, command)
    assert done.exit_code in (0, 2), (done.output, done.exception)
    assert not DRIVES.search(done.output), done.output
    new = set(everything(tmp_path)) - before
    assert all(name.startswith("a/b/new") for name in new)
    assert bool(new) == (done.exit_code == 0)
    for path in (place / "new").rglob("*.py"):
        compile(path.read_text("utf-8"), path.name, "exec")
    for path in (place / "new").rglob("*.ipynb"):
        json.loads(path.read_text("utf-8"))
    for path in (place / "new").rglob("*"):
        assert not DRIVES.search(path.name)
