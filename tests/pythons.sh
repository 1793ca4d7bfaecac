#!/bin/sh
# Test the contract on every Python that the classifiers name and that is found here,
# except the one that `make test` uses and EXCEPT (`make test-newest` runs on it, too).
set -eu
own=$("${PYTHON:-python3}" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
versions=$(sed -n 's/.*Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)
except="${EXCEPT:+$("$EXCEPT" -c 'import sys; print("%d.%d" % sys.version_info[:2])')}"
failed=""
for version in $versions; do
    [ "$version" = "$own" ] && continue
    [ "$version" = "$except" ] && continue
    if ! interpreter=$(sh tests/find_python.sh "$version"); then
        echo "Python $version is not here: not tested"
        continue
    fi
    echo "== Python $version: $interpreter"
    make --no-print-directory VENV=".venv-$version" PYTHON="$interpreter" test-contract ||
        failed="$failed $version"
done
[ -z "$failed" ] || { echo "failed on:$failed"; exit 1; }
