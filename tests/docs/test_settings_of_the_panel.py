"""The panel's settings are documented, each of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]


def test_every_setting_of_the_panel_is_documented() -> None:
    schema = json.loads((HERE / "labextension" / "schema" / "plugin.json").read_text("utf-8"))
    page = (HERE / "docs" / "how-to" / "jupyterlab.md").read_text("utf-8")

    documented = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)

    assert sorted(documented) == sorted(schema["properties"])
