#!/usr/bin/env bash
# Every Python file compiles and has no unused or unknown name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t files < <(find . \( -path ./.git -o -path './build*' \) -prune -o -name '*.py' -print)
pyflakes3 "${files[@]}"
