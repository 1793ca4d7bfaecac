"""Which files are read: regular ones inside of the project, and nothing else."""

import os
import socket
from pathlib import Path

import pytest

from migrate.projects import migrated
from migrate.projects import write
from quart_jwt.migrate.migration import migrate_project
from quart_jwt.migrate.project import python_files
from quart_jwt.migrate.tree import read_tree

APP = "from flask import Flask\n"


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", {"app.py": APP})


def _reported(project: Path) -> list[str]:
    migration = migrate_project(project)
    assert [change.path for change in migration.changes] == ["app.py"]
    return sorted(
        f"{place}: {one.reason}"
        for one in migration.findings
        for place in (one.path, *one.also)
    )


def test_a_link_out_of_the_tree_is_reported_and_not_followed(project: Path) -> None:
    """A file or a folder behind it belongs to something else."""
    outside = write(project.parent / "outside", {"app.py": APP})
    (project / "linked.py").symlink_to(outside / "app.py")
    (project / "folder").symlink_to(outside)

    assert _reported(project) == [
        "folder: it is a link that leaves the project, and was not read",
        "linked.py: it is a link that leaves the project, and was not read",
    ]
    assert (outside / "app.py").read_text() == APP


def test_a_link_inside_of_the_tree_is_passed_over(project: Path) -> None:
    """Its target is read; a circle of folders ends nowhere."""
    (project / "again.py").symlink_to(project / "app.py")
    (project / "circle").symlink_to(project)

    assert _reported(project) == []


def test_broken_links_are_reported(project: Path) -> None:
    """Also one that leads to itself, and an editor's lock file."""
    (project / "broken.py").symlink_to("nowhere")
    (project / "circle.py").symlink_to("circle.py")
    (project / ".#app.py").symlink_to("user@host.123:456")

    assert _reported(project) == [
        ".#app.py: it is an editor's lock file, and was not read",
        "broken.py: it is a broken link, and was not read",
        "circle.py: it is a broken link, and was not read",
    ]


def test_what_is_no_file_is_reported(project: Path) -> None:
    """A named pipe would be waited for; a folder may have a file's name."""
    os.mkfifo(project / "pipe.py")
    (project / "folder.py").mkdir()
    (project / "folder.py" / "inside.py").write_text(APP)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(project / "socket"))
        reported = _reported(project)

    assert reported == [
        "folder.py: it is a folder with the name of a Python file, and was not read",
        "pipe.py: it is a named pipe, and was not read",
        "socket: it is a socket, and was not read",
    ]


def test_code_of_others_is_not_read(project: Path) -> None:
    """Environments by their marks, not by their names, and what is installed."""
    write(
        project,
        {
            "mine/pyvenv.cfg": "",
            "mine/a.py": APP,
            "old/bin/activate": "",
            "old/a.py": APP,
            "conda/conda-meta/history": "",
            "conda/a.py": APP,
            "node_modules/x/a.py": APP,
            ".tox/a.py": APP,
            ".github/a.py": APP,
        },
    )

    assert _reported(project) == []
    assert read_tree(project).skipped == [
        ".tox",
        "conda",
        "mine",
        "node_modules",
        "old",
    ]


def test_a_folder_called_env_is_the_projects_own(tmp_path: Path) -> None:
    """Without the marks of an environment it is a package like another."""
    found = migrated(tmp_path, {"env/a.py": APP, "migrations/env.py": APP})

    assert {"env/a.py", "migrations/env.py"} == found.changed.keys()


def test_one_file_is_a_project(project: Path) -> None:
    """Its neighbours are left alone."""
    write(project, {"other.py": APP})
    migration = migrate_project(project / "app.py")

    assert [change.path for change in migration.changes] == ["app.py"]
    assert [*python_files(project / "app.py")] == [project / "app.py"]
    assert [path.name for path in python_files(project)] == ["app.py", "other.py"]
