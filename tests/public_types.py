"""
Read what ``pyright --verifytypes --outputjson`` says, and fail for what is not typed.

``quart_jwt.flask`` is left to mypy: its classes derive from Flask's and Quart's, whose
types pyright knows in part.
"""

import json
import sys

LEFT_TO_MYPY = "quart_jwt.flask."


def main() -> int:
    """Print each public symbol whose type is not known; the status is 1 if any is."""
    symbols = json.load(sys.stdin)["typeCompleteness"]["symbols"]
    unknown = [
        f"{symbol['name']}: {diagnostic['message']}"
        for symbol in symbols
        if not symbol["isTypeKnown"] and not symbol["name"].startswith(LEFT_TO_MYPY)
        for diagnostic in symbol["diagnostics"]
        if diagnostic["severity"] == "error"
    ]
    sys.stdout.write("\n".join([*unknown, f"{len(symbols)} symbols, typed\n"]))
    return int(bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
