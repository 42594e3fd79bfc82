#!/usr/bin/env bash
# Builds the Dockerfile without a daemon or a registry, on a Debian base made here, and shows that the image runs
# as nobody in particular. Needs root, mmdebstrap and buildah.
#
#   tests/ways_in/image.sh [archive to write the image to]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly archive=${1:-}
version=$(sed -n 's/^project(patchwave VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
readonly version tag=localhost/patchwave:$version
work=$(mktemp -d)
readonly work
passed=0
failed=0

buildah() {
  STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot command buildah --root "$work/storage" --runroot "$work/run" \
    --registries-conf /dev/null "$@"
}

clean_up() {
  buildah rm --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

check() {
  local sentence=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok    $sentence"
  else
    failed=$((failed + 1))
    echo "FAIL  $sentence"
  fi
}

# A minimal Debian 12 from the sources that this machine uses, with apt in it for the Dockerfile.
make_base() {
  local sources=/etc/apt/sources.list.d/debian.sources
  [[ -e $sources ]] || sources=/etc/apt/sources.list
  mmdebstrap --quiet --variant=apt bookworm "$work/base.tar" "$sources"
  local container
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/base.tar" / >/dev/null
  buildah commit --quiet "$container" localhost/debian-base >/dev/null
  buildah rm "$container" >/dev/null
}

in_image() { buildah run "$container" -- "$@"; }

runs_as_nobody() {
  [[ $(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$tag") == 65532:65532 ]]
}
has_no_shell() { [[ ! -e $root/bin/sh && ! -e $root/usr/bin/sh && ! -e $root/usr/bin/apt-get ]]; }
knows_time_zones() { [[ -e $root/usr/share/zoneinfo/Europe/Amsterdam ]]; }
says_its_version() { in_image /usr/local/bin/patchwave --version | grep -q "$version"; }
answers_for_kubectl() { in_image /usr/local/bin/kubectl-patchwave version --client | grep -q "$version"; }
is_small() { (($(du -sm "$root" | cut -f1) < 100)); }

make_base
buildah build --pull-never --layers=false --build-arg BASE_BUILD=localhost/debian-base --tag "$tag" .
container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")

check "the image runs as user 65532" runs_as_nobody
check "the image has no shell and no package manager" has_no_shell
check "the image has time zones" knows_time_zones
check "the operator runs in it and says its version" says_its_version
check "kubectl-patchwave runs in it" answers_for_kubectl
check "the image is smaller than 100 MB" is_small
if [[ -n $archive ]]; then
  buildah push --quiet "$tag" "oci-archive:$archive:$tag"
  echo "written to $archive"
fi
echo "$passed passed, $failed failed"
((failed == 0))
