"""The whole way: which format a source is of, what comes along, what is written where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from nbpipe.cli import exits
from nbpipe.cli.app import app
from nbpipe.importers.carried import MemorySources, NotImportable, inside
from nbpipe.importers.disk import FolderSources
from nbpipe.importers.formats import FORMATS, carry_all, format_of, importer
from nbpipe.importers.result import finish, settings_text

SAMPLES = Path(__file__).parent / "samples"


def run(*args):
    return CliRunner().invoke(app, ["import", *map(str, args)])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("kale/root.ipynb", "kale"),
        ("kale/old.ipynb", "kale"),
        ("ploomber/pipeline.yaml", "ploomber"),
        ("databricks/main.py", "databricks"),
        ("dvc/dvc.yaml", "dvc"),
        ("papermill/executed.ipynb", "papermill"),
        ("jupytext/light.py", "jupytext"),
    ],
)
def test_a_source_is_known_by_what_it_holds(path, name):
    file = SAMPLES / path
    assert format_of(file.name, FolderSources(file.parent)) == name


def test_every_format_of_the_table_has_its_importer():
    for name in FORMATS:
        assert callable(importer(name).carry)
        assert callable(importer(name).recognise)


def test_a_source_of_no_format_is_answered_with_those_there_are():
    with pytest.raises(NotImportable, match=r"Elyra \.pipeline file"):
        format_of("a.txt", MemorySources({"a.txt": b""}))


def test_files_that_the_code_names_and_modules_that_it_imports_come_along():
    source = 'import mine.deep\nfrom other import x\nopen("data/a.csv")\nDATA = "folder/"\n'
    files = {
        "a.py": source.encode(), "data/a.csv": b"1", "data/b.csv": b"2", "folder/c": b"3",
        "mine/__init__.py": b"", "mine/deep.py": b"import third", "other.py": b"", "third.py": b"",
        "unrelated.py": b"",
    }  # fmt: skip
    sources = MemorySources(files)
    imported = finish(carry_all(["a.py"], sources), sources)
    assert set(imported.copies) == {
        "data/a.csv", "folder/c", "mine/__init__.py", "mine/deep.py", "other.py", "third.py",
    }  # fmt: skip


def test_what_one_notebook_takes_in_is_not_imported_once_more(sample):
    sources = sample("databricks")
    steps = carry_all(sources.paths(), sources).files
    assert [made.path for made in steps] == ["child.ipynb", "each.ipynb", "main.ipynb"]


@pytest.mark.parametrize(
    "path", ["../../x.ipynb", "/etc/x.ipynb", "C:\\x.ipynb", "a/../../x.ipynb"]
)
def test_no_path_leads_out_of_the_new_folder(path):
    assert inside(path).split("/")[-1].endswith("x.ipynb")
    assert not inside(path).startswith(("/", ".."))


def test_settings_are_toml_that_can_be_read_again():
    import tomllib

    given = {"a": 'x "y"\n\\', "b": [1, 2.5, True], "c": {"d e": "ü"}, "n": None}
    text, lost = settings_text("näme", given)
    assert tomllib.loads(text) == {"name": "näme", "parameters": {k: given[k] for k in "abc"}}
    assert [note.where for note in lost] == ["parameter n"]


def test_the_source_is_not_touched_and_a_new_folder_is_written(tmp_path):
    source = tmp_path / "src"
    shutil.copytree(SAMPLES / "ploomber", source)
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    result = run(source, "--to", tmp_path / "new")
    assert result.exit_code == exits.OK, result.output
    assert {p: p.read_bytes() for p in source.rglob("*") if p.is_file()} == before
    made = {p.name for p in (tmp_path / "new").iterdir()}
    assert made >= {"load.ipynb", "nbpipe.toml", "IMPORTED.md", "functions.py"}


def test_nothing_is_overwritten_without_force(tmp_path):
    source = SAMPLES / "papermill" / "executed.ipynb"
    assert run(source, "--to", tmp_path / "new").exit_code == exits.OK
    (tmp_path / "new" / "executed.ipynb").write_text("mine")
    again = run(source, "--to", tmp_path / "new")
    assert again.exit_code == exits.USAGE
    assert "--force" in again.output
    assert (tmp_path / "new" / "executed.ipynb").read_text() == "mine"
    assert run(source, "--to", tmp_path / "new", "--force").exit_code == exits.OK


def test_the_folder_of_the_source_is_never_written_even_with_force(tmp_path):
    shutil.copy(SAMPLES / "papermill" / "executed.ipynb", tmp_path)
    result = run(tmp_path / "executed.ipynb", "--to", tmp_path, "--force")
    assert result.exit_code == exits.USAGE
    assert "holds the source itself" in result.output


def test_a_dry_run_says_what_would_be_and_writes_nothing(tmp_path):
    result = run(SAMPLES / "kale" / "root.ipynb", "--to", tmp_path / "new", "--dry-run", "--json")
    said = json.loads(result.output)
    assert not (tmp_path / "new").exists()
    assert (said["product"], said["written"], said["problems"]) == ("Kale", False, [])
    assert all(note["why"] for note in said["notes"])


def test_what_was_not_carried_over_is_kept_beside_the_notebooks(tmp_path):
    run(SAMPLES / "kale" / "root.ipynb", "--to", tmp_path / "new")
    kept = (tmp_path / "new" / "IMPORTED.md").read_text("utf-8")
    assert "| root.ipynb, its settings | volumes |" in kept


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["gone.ipynb"], "There is nothing at"),
        ([SAMPLES / "dvc" / "seed.txt"], "no format that can be imported"),
        ([SAMPLES / "dvc" / "dvc.yaml", "--from", "elira"], "Did you mean 'elyra'"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_sentence(args, said):
    result = run(*args)
    assert result.exit_code == exits.USAGE
    assert said in result.output


def test_a_large_file_is_named_and_not_copied(tmp_path, monkeypatch):
    from nbpipe.importers import disk

    source = tmp_path / "src"
    source.mkdir()
    (source / "a.py").write_text('# %%\nopen("big.bin")\n')
    (source / "big.bin").write_bytes(b"12345")
    monkeypatch.setattr(disk, "LARGEST", 4)
    result = run(source / "a.py", "--to", tmp_path / "new")
    assert "so large a file is not copied" in result.output
    assert not (tmp_path / "new" / "big.bin").exists()
