"""Elyra's pipelines: every version, and what its own command refuses."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import elyra
from nbpipe.importers.carried import MemorySources, NotImportable
from nbpipe.importers.result import finish

SCRIPT = "execute-python-node"
NOTEBOOK = "execute-notebook-node"


def node(name, file, parents=(), op=NOTEBOOK, **properties):
    """A node as version 8 writes it."""
    said = {"filename": file, "runtime_image": "a/b:1", **properties}
    links = [{"id": f"l-{p}-{name}", "node_id_ref": p, "port_id_ref": "outPort"} for p in parents]
    return {
        "id": name, "type": "execution_node", "op": op,
        "app_data": {"component_parameters": said, "ui_data": {"label": file}},
        "inputs": [{"id": "inPort", "links": links}],
    }  # fmt: skip


def pipeline(nodes, version=8, more=(), **properties):
    app = {"version": version, "properties": {"name": "stats", **properties}}
    first = {"id": "p", "nodes": nodes, "app_data": app}
    return {"primary_pipeline": "p", "pipelines": [first, *more]}


def downgraded(document, version):
    """The same pipeline as an earlier version wrote it."""
    app = document["pipelines"][0]["app_data"]
    app["version"] = version
    for one in document["pipelines"][0]["nodes"]:
        said = one["app_data"]["component_parameters"]
        if version < 8 and "env_vars" in said:
            said["env_vars"] = [f"{e['env_var']}={e['value']}" for e in said["env_vars"]]
        if version < 4:
            one["app_data"] |= one["app_data"].pop("component_parameters")
        if version < 3:
            one["app_data"]["filename"] = f"work/{one['app_data']['filename']}"
        if version < 2:
            for new, old in (("filename", "artifact"), ("runtime_image", "image")):
                one["app_data"][old] = one["app_data"].pop(new)
            one["app_data"]["vars"] = one["app_data"].pop("env_vars", [])
    if version < 2:
        app["title"] = app.pop("properties")["name"]
    return document


def both():
    env = [{"env_var": "GREETING", "value": "hi = you"}]
    return pipeline(
        [
            node("one", "load.ipynb", dependencies=["helper.py"], outputs=["rows.json"], cpu=2),
            node("two", "report.py", ["one"], SCRIPT, env_vars=env),
        ]
    )


def read(document, sources):
    sources = MemorySources({**sources.files, "a.pipeline": json.dumps(document).encode()})
    return finish(elyra.carry("a.pipeline", sources), sources)


@pytest.mark.parametrize("version", range(1, 9))
def test_every_version_gives_the_same_steps(version, sample):
    imported = read(downgraded(both(), version), sample("elyra"))
    assert [step.name for step in imported.pipeline.steps] == ["load", "report"]
    assert imported.pipeline.problems == ()
    assert imported.name == "stats"
    assert imported.pipeline.step("report").after == ("load",)
    report = next(made.text for made in imported.files if made.path == "report.ipynb")
    assert "'GREETING': 'hi = you'" in report


def test_files_resources_and_outputs_are_carried_over(sample):
    imported = read(both(), sample("elyra"))
    load = imported.pipeline.step("load").options
    assert imported.copies == {"helper.py": "helper.py"}
    assert (load.writes, load.resources.cpu) == (("rows.json",), 2.0)
    assert [note.what for note in imported.notes] == ["the image a/b:1"]


def test_pipeline_parameters_become_parameters_and_environment_variables(sample):
    said = [{"name": "who", "default_value": {"type": "String", "value": "world"}}]
    nodes = [node("two", "report.py", (), SCRIPT, parameters=["who"])]
    imported = read(pipeline(nodes, pipeline_parameters=said), sample("elyra"))
    assert [(p.name, p.default) for p in imported.pipeline.parameters] == [("who", "world")]
    assert "os.environ['who'] = str(who)" in imported.files[0].text.replace('\\"', '"')


def test_a_component_of_a_cluster_is_listed_and_order_goes_through_it(sample):
    nodes = [
        node("one", "load.ipynb"),
        node("mid", "", ["one"], op="catalog:email"),
        node("two", "report.py", ["mid"], SCRIPT),
    ]
    imported = read(pipeline(nodes), sample("elyra"))
    assert imported.pipeline.step("report").after == ("load",)
    assert "the component catalog:email" in {note.what for note in imported.notes}


def test_the_nodes_of_a_super_node_are_put_in_its_place(sample):
    inner = {
        "id": "inner",
        "nodes": [
            {"id": "in", "type": "binding", "outputs": [{"id": "o"}]},
            node("two", "report.py", ["in"], SCRIPT),
            {"id": "out", "type": "binding", "inputs": [{"links": [{"node_id_ref": "two"}]}]},
        ],
    }
    link = [{"node_id_ref": "one", "port_id_ref": "outPort"}]
    group = {"id": "s", "type": "super_node", "subflow_ref": {"pipeline_id_ref": "inner"},
             "app_data": {}, "inputs": [{"links": link}]}  # fmt: skip
    nodes = [node("one", "load.ipynb"), group, node("three", "load.ipynb", ["s"])]
    imported = read(pipeline(nodes, more=[inner]), sample("elyra"))
    after = {step.name: step.after for step in imported.pipeline.steps}
    assert after == {"load": (), "report": ("load",), "load-2": ("report",)}


def test_a_super_node_that_holds_itself_comes_to_an_end(sample):
    document = pipeline([node("one", "load.ipynb")])
    group = {"id": "s", "type": "super_node", "subflow_ref": {"pipeline_id_ref": "p"}}
    document["pipelines"][0]["nodes"].append(group)
    assert len(read(document, sample("elyra")).pipeline.steps) == 1


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"cpu": "many"}, "cpu: 'many'"),
        ({"gpu": -1}, "gpu: -1"),
        ({"env_vars": ["no sign"]}, "the environment variable 'no sign'"),
        ({"dependencies": ["gone.csv"]}, "the dependency gone.csv"),
        ({"mounted_volumes": [{"path": "/x"}]}, "mounted volumes"),
    ],
)
def test_what_elyra_refuses_is_listed_and_the_step_is_made(properties, told, sample):
    imported = read(pipeline([node("one", "load.ipynb", **properties)]), sample("elyra"))
    assert told in {note.what for note in imported.notes}
    assert imported.pipeline.errors == ()


def test_a_circle_is_the_compilers_problem(sample):
    nodes = [node("one", "load.ipynb", ["two"]), node("two", "report.py", ["one"], SCRIPT)]
    assert read(pipeline(nodes), sample("elyra")).pipeline.errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "no pipeline"),
        ("{}", "'pipelines' is missing"),
        ('{"pipelines": []}', "'pipelines' is missing or empty"),
        (json.dumps(pipeline([])), "has no nodes"),
        (json.dumps(pipeline([node("x", "gone.ipynb")])), "there is no such file"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_is_refused_with_a_sentence(text, said):
    sources = MemorySources({"a.pipeline": text.encode()})
    with pytest.raises(NotImportable, match=said):
        finish(elyra.carry("a.pipeline", sources), sources)


def test_a_path_out_of_the_folder_stays_inside_the_new_one(sample):
    files = {**sample("elyra").files}
    files["../load.ipynb"] = files.pop("load.ipynb")
    imported = read(pipeline([node("one", "../load.ipynb")]), MemorySources(files))
    assert "load.ipynb" in {made.path for made in imported.files}
