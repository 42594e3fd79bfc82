#!/bin/sh
# Copies crds/ into the chart: Helm packages nothing from outside its own folder.
set -eu
cd "$(dirname "$0")/.."
cp crds/patchwave.dev_*.yaml charts/patchwave/files/crds/
