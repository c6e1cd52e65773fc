#!/bin/sh
# Installs a wheel into an empty environment and asks the command that it brings for its version.
# Usage: tools/try-wheel.sh PYTHON WHEEL
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index "$2"
HOME=$folder "$folder/venv/bin/agentsecrets" --version
HOME=$folder "$folder/venv/bin/agentsecrets" --help >/dev/null
echo "the wheel works in an empty environment"
