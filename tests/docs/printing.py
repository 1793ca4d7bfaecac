"""
Does what a program printed fit what a page says that it prints?

A line `...` stands for any lines, `eyJ...` for any token, `...` inside a line for any
text; JSON is compared as JSON, so that its spacing and the order of names are free. A
life of 899 seconds is one of 900 that was read across the turn of a second.
"""

import json
import re

_TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]+")
_TURNED = re.compile(r'(?P<name>"expires_in": ?)899\b')


def fits(said: str, printed: str) -> bool:
    """Tell whether the printed text is what the page says."""
    said, printed = said.strip(), _TOKEN.sub("eyJ...", printed.strip())
    printed = _TURNED.sub(r"\g<name>900", printed)
    if said == printed:
        return True
    try:
        return bool(json.loads(said) == json.loads(printed))
    except ValueError:
        pass
    return _lines_fit(said.splitlines(), printed.splitlines())


def _lines_fit(said: list[str], printed: list[str]) -> bool:
    if not said:
        return not printed
    if said[0] == "...":
        return any(
            _lines_fit(said[1:], printed[skip:]) for skip in range(len(printed) + 1)
        )
    return (
        bool(printed)
        and _line_fits(said[0], printed[0])
        and _lines_fit(said[1:], printed[1:])
    )


def _line_fits(said: str, printed: str) -> bool:
    pattern = ".*".join(map(re.escape, said.strip().split("...")))
    return re.fullmatch(pattern, printed.strip()) is not None
