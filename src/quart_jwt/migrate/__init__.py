"""
``quart-jwt migrate``: changes a Flask project's imports and dependency files.

The way of a project through this package::

    tree           the files of a project; links and odd files are passed over
    source         one Python file: text, syntax tree, places
    imports        imports of Flask's class and of flask_jwt_extended
    dependencies/  requirements files, pyproject.toml, Pipfile, setup.cfg, conda
    serving/       on request: gunicorn and `flask run` become Hypercorn
    checks/        what the report names in Python code
    migration      all of them over a project, one file at a time
    report         what was examined, what changes, what is left to do

``project``, ``index`` and ``names`` read a project as a whole, with LibCST; the
conversion of views builds on them.

An app is read, never imported or run. Nothing is guessed; what is not sure is reported.
"""
