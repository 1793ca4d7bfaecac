"""
Stand-ins for curl, httpie and jq, so that the pages run where these are not installed.

    python stand_ins.py curl -s -H 'Name: value' -d '{"a": 1}' http://...
    python stand_ins.py http --ignore-stdin --body POST http://... name=value
    python stand_ins.py jq -r .access_token

Each knows what the pages use and stops with an error at anything else, so that a page
can never lean on an option that nobody has looked at.
"""

import argparse
import json
import os
import re
import ssl
import sys
from http.cookiejar import MozillaCookieJar
from pathlib import Path
from typing import Any

import httpx


def curl(arguments: list[str]) -> None:
    """Send one request as curl does and print the answer."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-i", action="store_true")
    parser.add_argument("-X")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("-b")
    parser.add_argument("-c")
    asked = parser.parse_args(arguments)

    headers = dict(line.split(": ", 1) for line in asked.H)
    if asked.d is not None and "Content-Type" not in headers:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    jar = MozillaCookieJar()
    if asked.b and Path(asked.b).exists():
        jar.load(asked.b, ignore_discard=True)
    trusted = ssl.create_default_context(cafile=os.environ.get("CURL_CA_BUNDLE"))
    with httpx.Client(cookies=jar, timeout=60, verify=trusted) as client:
        response = client.request(
            asked.X or ("GET" if asked.d is None else "POST"),
            asked.url,
            headers=headers,
            content=asked.d,
        )
        if asked.c:
            kept = MozillaCookieJar()
            for cookie in client.cookies.jar:
                kept.set_cookie(cookie)
            kept.save(asked.c, ignore_discard=True)
    if asked.i:
        lines = [f"{name}: {value}" for name, value in response.headers.items()]
        head = [f"HTTP/1.1 {response.status_code} ", *lines, "", ""]
        sys.stdout.write("\n".join(head))
    sys.stdout.write(response.text)


def http(arguments: list[str]) -> None:
    """Send one request as httpie does and print the body of the answer."""
    parser = argparse.ArgumentParser(prog="http")
    parser.add_argument("--ignore-stdin", action="store_true", required=True)
    parser.add_argument("--body", action="store_true", required=True)
    parser.add_argument("method", choices=["GET", "POST"])
    parser.add_argument("url")
    parser.add_argument("items", nargs="*")
    asked = parser.parse_args(arguments)

    headers: dict[str, str] = {}
    body: dict[str, str] = {}
    for item in asked.items:
        name, sign, value = re.split("([:=])", item, maxsplit=1)
        (headers if sign == ":" else body)[name] = value
    response = httpx.request(
        asked.method, asked.url, headers=headers, json=body or None, timeout=60
    )
    sys.stdout.write(response.text)


def jq(arguments: list[str]) -> None:
    """Print what a path of names and places leads to, as `jq -r .sessions[0].id`."""
    match arguments:
        case ["-r", path] if re.fullmatch(_JQ, path):
            values = [json.load(sys.stdin)]
            for step in path.split(" | "):
                values = _followed(values, step)
            sys.stdout.writelines(f"{value}\n" for value in values)
        case _:
            sys.exit(f"jq: the stand-in does not know {arguments}")


_PATH = r"(\.\w+|\[\d*\])+"
_JQ = rf"{_PATH}( \| (select\(\.\w+\)|{_PATH}))*"


def _followed(values: list[Any], path: str) -> list[Any]:
    if path.startswith("select("):
        name = path.removeprefix("select(.").removesuffix(")")
        return [value for value in values if value[name]]
    for step in re.findall(r"\w+|\[\]", path):
        if step == "[]":
            values = [each for value in values for each in value]
        else:
            place = int(step) if step.isdecimal() else step
            values = [value[place] for value in values]
    return values


if __name__ == "__main__":
    {"curl": curl, "http": http, "jq": jq}[sys.argv[1]](sys.argv[2:])
