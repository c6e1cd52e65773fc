#!/bin/sh
# Installs npm packages that the tests drive: exactly those of a lock file, without their scripts, by the Node of requirements/clients.txt.
# Usage: tools/clients/install.sh VENV test|agents
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$1" && pwd)
target=$venv/clients/$2
mkdir -p "$target/programs"
cp "$here/$2/package.json" "$here/$2/package-lock.json" "$here/$2/.npmrc" "$target/"
cd "$target"
# Not `npm ci`: it wants packages for every other system in the lock file too. What is in it is taken by version and hash all the same.
PATH=$venv/bin:$PATH npm install --silent --no-save
for program in node_modules/.bin/*; do
  ln -sf "$target/$program" programs/
done
# Two of them come as native programs that their install scripts would put in place.
for program in node_modules/@anthropic-ai/claude-code-*/claude node_modules/opencode-*/bin/opencode; do
  test ! -x "$program" || ln -sf "$target/$program" programs/
done
