"""
Private parts of dependencies that the library relies on, checked at start.

Each dependency has one module that names its parts (``quart_seams``, ``flask.seams``,
``hypercorn_seams``, ``sqlalchemy_seams``). A part that is missing, or that has other
parameters, ends the start with one sentence; nothing waits for the first request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from quart_jwt.exceptions import IncompatibleDependencyError


@dataclass(frozen=True, slots=True)
class Seam:
    """
    A part of a dependency that is not public.

    Attributes:
        owner: The module, class or object that has it.
        name: The attribute.
        parameters: The names of parameters that it must have.
        names: The attributes and globals that its code must use.
    """

    owner: Any
    name: str
    parameters: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def fault(self) -> str | None:
        """What is wrong with it, as half a sentence, or None."""
        owner = getattr(self.owner, "__name__", type(self.owner).__name__)
        part = getattr(self.owner, self.name, None)
        if part is None:
            return f"{owner} has no {self.name!r}"
        for parameter in self.parameters:
            if parameter not in signature(part).parameters:
                return f"{owner}.{self.name} has no parameter {parameter!r}"
        for name in self.names:
            if name not in part.__code__.co_names:
                return f"{owner}.{self.name} does not use {name!r}"
        return None


def require(distribution: str, seams: Iterable[Seam]) -> None:
    """
    Check private parts of a dependency.

    Args:
        distribution: The name of the dependency, as pip has it.
        seams: The parts.

    Raises:
        IncompatibleDependencyError: One of them is missing or looks different.
    """
    for seam in seams:
        if seam.fault is not None:
            raise IncompatibleDependencyError(distribution, seam.fault)
