"""
``quart-jwt convert``: makes chosen views of a project on ``quart_jwt.flask`` async.

A view can become async wherever Flask calls it: the framework awaits it. Everything
else stays sync unless each of its references is a call that this package writes an
``await`` before. The way through the package::

    mentions      every name that the code of a project mentions, and its meaning
    receivers     which names hold an app or a blueprint
    entries       views and hooks: what Flask calls, and what stands around them
    view_classes  views that are methods of a class
    references    who else refers to a function, and whether all of it is known
    reach         what a function may reach: threads, event loops, verifications
    counterparts  the calls that have an async twin, and those that block
    plan          what becomes async, to a fixed point, and why the rest does not
    blocking      what still blocks the event loop in async views
    edits         the plan as changes of the files
    finish        the last step, to Quart itself
    report, command

It reads code and never runs it. It never guesses an ``await``.
"""
