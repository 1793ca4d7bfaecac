"""JSONTestSuite's documents, by what a strict parser does with them."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from vector_files import read


@dataclass(frozen=True, slots=True)
class Document:
    """One document and its verdict: accept, reject or either."""

    name: str
    expect: str
    content: bytes


def documents() -> Iterator[Document]:
    """All of them."""
    for entry in read("jsontestsuite/test_parsing_packed.json"):
        yield Document(entry["name"], entry["expect"], b64decode(entry["b64"]))


def _params(*expected: str) -> Iterator[Any]:
    for document in documents():
        if document.expect in expected:
            yield pytest.param(document, id=document.name.removesuffix(".json"))


def rejected() -> Iterator[Any]:
    """The documents that every parser has to refuse."""
    return _params("reject")


def either() -> Iterator[Any]:
    """The documents about which the standard is silent."""
    return _params("either")


def accepted() -> Iterator[Any]:
    """The documents that every parser has to read."""
    return _params("accept")


DELIBERATELY_REFUSED = {
    "y_object_duplicated_key.json": "duplicate names (RFC 7519 §4 lets us)",
    "y_object_duplicated_key_and_value.json": "duplicate names",
    "y_object_escaped_null_in_key.json": "NUL",
}
"""Valid JSON that a JWT must not hold, with the reason."""


def accepted_objects() -> Iterator[Any]:
    """Those of them that are objects, and that a JWT may hold."""
    for param in accepted():
        document: Document = param.values[0]
        if document.name in DELIBERATELY_REFUSED:
            continue
        if isinstance(json.loads(document.content), dict):
            yield param
