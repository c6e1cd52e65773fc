#!/bin/sh
# Renews requirements/*.txt: every version and its hashes, for Python 3.11 and newer on every platform.
# Usage: tools/lock.sh PYTHON [--upgrade]
set -eu
cd "$(dirname "$0")/.."
python=$1
shift
test -x .make/uv/bin/uv || {
  "$python" -m venv .make/uv
  .make/uv/bin/pip install --quiet uv
}
lock() {
  output=$1
  shift
  .make/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-emit-find-links --output-file "$output" "$@"
}
lock requirements/runtime.txt pyproject.toml "$@"
lock requirements/build.txt requirements/build.in "$@"
lock requirements/dev.txt pyproject.toml --extra dev -c requirements/runtime.txt -c requirements/build.txt "$@"
lock requirements/clients.txt pyproject.toml --extra clients -c requirements/runtime.txt -c requirements/dev.txt "$@"
lock requirements/fuzz.txt requirements/fuzz.in "$@"
