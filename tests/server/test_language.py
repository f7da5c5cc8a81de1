"""The second language, found as JupyterLab looks for it."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jupyterlab_server import translation_utils

HERE = Path(__file__).resolve().parents[2]


@pytest.fixture
def declared() -> EntryPoint:
    """What the package declares, whatever was installed last."""
    groups = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    ((name, value),) = groups["jupyterlab.locale"].items()
    return EntryPoint(name, value, "jupyterlab.locale")


def test_jupyterlab_finds_the_german_catalogue(
    declared: EntryPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation_utils, "entry_points", lambda group: [declared])

    found, message = translation_utils.get_installed_packages_locale("de_DE")

    assert message == ""
    assert found["jupyterlab_nbpipe"]["Run pipeline"] == ["Pipeline ausführen"]


def test_the_browser_asks_for_the_catalogue_by_the_name_under_which_it_is_found(
    declared: EntryPoint,
) -> None:
    source = (HERE / "labextension" / "src" / "translation.ts").read_text("utf-8")
    schema = json.loads((HERE / "labextension" / "schema" / "plugin.json").read_text("utf-8"))

    assert f"DOMAIN = '{declared.name}'" in source
    assert schema["jupyter.lab.internationalization"]["domain"] == declared.name
