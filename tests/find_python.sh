#!/bin/sh
# Print the path of a working interpreter of version $1 (such as 3.12), or fail.
set -eu
for candidate in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if "$path" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
        echo "$path"
        exit 0
    fi
done
exit 1
