#!/bin/sh
# Run the suite, without the slow tail and the gateways (they are no Python), on every Python that the
# classifiers name and that is found here, except the one that `make test` uses. All at once: each is one
# process that waits a good part of its time. What one prints is shown when it has ended.
set -eu
own=$("${PYTHON:-python3}" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
versions=$(sed -n 's/.*Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml)
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
started=""
for version in $versions; do
    [ "$version" = "$own" ] && continue
    if ! interpreter=$(sh tests/find_python.sh "$version"); then
        echo "Python $version is not here: not tested"
        continue
    fi
    echo "== Python $version: $interpreter: started"
    make --no-print-directory VENV=".venv-$version" PYTHON="$interpreter" test \
        ARGS="--no-cov -q -p no:cacheprovider --ignore=tests/gateways" >"$kept/$version" 2>&1 &
    started="$started $version:$!"
done
failed=""
for run in $started; do
    version=${run%:*}
    wait "${run#*:}" || failed="$failed $version"
    echo "== Python $version"
    cat "$kept/$version"
done
[ -z "$failed" ] || { echo "failed on:$failed"; exit 1; }
