"""
The trial: a Flask project under quart_jwt as it is, without a changed file.

``command`` runs the project's own tests twice and compares, ``suite`` runs a test
command, ``recorder`` is the plugin of pytest that writes down what happened, and
``serving`` serves an unchanged project.
"""

RECORD = "QUART_JWT_TRIAL_RECORD"
"""The environment variable that names the file with the outcomes of a trial."""
