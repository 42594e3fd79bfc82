#!/usr/bin/env bash
# Every shell script passes shellcheck. Scripts are known by their first line, whatever their name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t files < <(find . \( -path ./.git -o -path './build*' \) -prune -o -type f -size -200k -print |
  xargs -d '\n' awk 'FNR == 1 { if (/^#!.*sh$/) print FILENAME; nextfile }')
printf '%s\n' "${files[@]}"
shellcheck --severity=info "${files[@]}"
