"""
``quart-jwt migrate``: takes a Flask code base to Quart.

The way of a project through this package::

    project      files, read and parsed; modules and their names
    index        functions, classes, calls and where each stands
    flow         what a name holds: an app, a test client, a response ...
    colours      which functions must become async, to a fixed point
    rules/       one rewriting rule each: nodes and what becomes of them
    rewriting    the rules applied to each file
    manifests    requirements, pyproject, Procfile, Dockerfile, pytest's settings
    report       what was done, and what is left to do

It imports LibCST and the standard library, and nothing of ours: an app is read, never
imported or run. Nothing is guessed; what is not sure is reported.
"""
