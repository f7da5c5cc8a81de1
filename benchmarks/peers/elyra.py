"""Elyra: a pipeline of notebooks drawn by hand, run by its local runner; values in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks import notebooks
from benchmarks.envs import KERNEL, Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import Peer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.peers import Setting


FEW, MANY = 1, 5
SCHEMA = "pipeline-flow/pipeline-flow-v3-schema.json"


def _node(number: int, path: Path, chained: bool) -> dict[str, Any]:
    name = f"node{number}"
    into: dict[str, Any] = {"id": "inPort", "app_data": {}}
    if chained and number:
        link = {"id": f"link{number}", "node_id_ref": f"node{number - 1}", "port_id_ref": "outPort"}
        into["links"] = [link]
    parameters = {
        "filename": path.name,
        "runtime_image": "python:3.11",  # must be there; the local runner has no use for it
        "outputs": [],
        "env_vars": [],
        "dependencies": [],
        "include_subdirectories": False,
    }
    return {
        "id": name,
        "type": "execution_node",
        "op": "execute-notebook-node",
        "app_data": {
            "label": name,
            "component_parameters": parameters,
            "ui_data": {"label": name},
        },
        "inputs": [into],
        "outputs": [{"id": "outPort", "app_data": {}}],
    }


def _run(setting: Setting, name: str, paths: Sequence[Path], chained: bool = False) -> Job:
    data = {
        "ui_data": {"comments": []},
        "version": 8,
        "runtime_type": "LOCAL",
        "properties": {"name": name, "runtime": "Local"},
    }
    pipeline = {
        "id": "primary",
        "nodes": [_node(number, path, chained) for number, path in enumerate(paths)],
        "app_data": data,
        "runtime_ref": "",
    }
    told = {
        "doc_type": "pipeline",
        "version": "3.0",
        "json_schema": f"http://api.dataplatform.ibm.com/schemas/common-pipeline/{SCHEMA}",
        "id": name,
        "primary_pipeline": "primary",
        "pipelines": [pipeline],
        "schemas": [],
    }
    file = setting.folder / f"{name}.pipeline"
    file.write_text(json.dumps(told), "utf-8")
    home = {"JUPYTER_DATA_DIR": str(setting.folder / "data")}
    return Job((setting.tool("elyra-pipeline"), "run", str(file)), setting.folder, home)


def _trivial(setting: Setting) -> Work:
    paths = notebooks.numbered(setting.folder, MANY, notebooks.trivial)
    return Work(_run(setting, "many", paths), _run(setting, "few", paths[:FEW]), MANY - FEW)


def _command(setting: Setting) -> Work:
    return Work(_run(setting, "one", notebooks.numbered(setting.folder, 1, notebooks.trivial)))


def _counting(setting: Setting) -> Work:
    burning, idle = (
        _run(setting, name, [notebooks.write(setting.folder / f"{name}.ipynb", cells)])
        for name, cells in (
            ("burning", notebooks.burning(notebooks.BURNT)),
            ("idle", notebooks.burning(0)),
        )
    )
    return Work(burning, idle)


def _chain(setting: Setting) -> Work:
    paths = [
        notebooks.write(setting.folder / f"s{i}.ipynb", notebooks.chain_link(i, ""))
        for i in range(setting.size.steps)
    ]
    return Work(_run(setting, "chain", paths, chained=True))


def _start(setting: Setting) -> Work:
    return Work(Job((setting.tool("elyra-pipeline"), "--help"), setting.folder))


PEER = Peer(
    "Elyra, local",
    "elyra",
    {
        "counting": _counting,
        "step": _trivial,
        "command": _command,
        "chain": _chain,
        "start": _start,
    },
    Environment("elyra", ("elyra==4.*", *KERNEL)),
    {"step": "in one pipeline", "chain": "values in files"},
)
