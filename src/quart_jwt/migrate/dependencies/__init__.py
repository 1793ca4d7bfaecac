"""
Dependency files: ``flask-jwt-extended`` becomes ``quart-jwt``, and pins that exclude
what ``quart-jwt`` needs are loosened, so that the result can be installed.

``requirement`` decides about one requirement; the other modules know the files' forms.
"""
