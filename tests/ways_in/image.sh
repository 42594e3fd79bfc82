#!/usr/bin/env bash
# Builds the Dockerfile without a daemon or a registry, on a Debian base made here, and shows that the image runs
# as nobody in particular on a root it can't write to. Needs root, mmdebstrap and buildah.
#
#   tests/ways_in/image.sh [archive to write the image to]
#
# The base, the layer with the compilers and what ccache keeps outlive the build folder. The base is made anew each
# week, so that what Debian mends reaches the image.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly archive=${1:-}
version=$(sed -n 's/^project(patchwave VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
readonly version tag=localhost/patchwave:$version
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/patchwave/image
base=localhost/debian-base:$(date +%G-%V)
readonly base compilers=localhost/patchwave-compilers
passed=0
failed=0

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
work=$(mktemp -d)
readonly work

# vfs copies every layer whole, but works where overlay can't be stacked.
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay
buildah() {
  command buildah --root "$cache/$STORAGE_DRIVER" --runroot "$work/run" --registries-conf /dev/null "$@" 9>&-
}
buildah info >/dev/null 2>&1 || export STORAGE_DRIVER=vfs

clean_up() {
  # All of them: the lock is ours, and what an interrupted run left behind goes too.
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

# A minimal Debian 12 from the sources that this machine uses, with apt in it for the Dockerfile. Those of other weeks
# go, with all that was built on them.
require_base() {
  buildah inspect --type image "$base" >/dev/null 2>&1 && return
  echo "making the base $base"
  buildah rmi --all --force >/dev/null
  local sources=/etc/apt/sources.list.d/debian.sources
  [[ -e $sources ]] || sources=/etc/apt/sources.list
  mmdebstrap --quiet --variant=apt bookworm "$work/base.tar" "$sources"
  local made
  made=$(buildah from scratch)
  buildah add --quiet "$made" "$work/base.tar" / >/dev/null
  buildah commit --quiet --rm "$made" "$base" >/dev/null
  rm "$work/base.tar"
}

build_image() {
  local compiled=(--build-arg BASE_BUILD="$base")
  if command -v ccache >/dev/null; then
    local folder
    folder=$(ccache --get-config cache_dir)
    mkdir -p "$folder"
    compiled+=(--volume "$folder:/ccache" --build-arg CCACHE_DIR=/ccache
      --build-arg CCACHE_MAXSIZE="$(ccache --get-config max_size)")
  fi
  local build=(buildah build --pull-never --layers "${compiled[@]}")
  TMPDIR=$cache "${build[@]}" --target compilers --tag "$compilers" .
  TMPDIR=$cache "${build[@]}" --tag "$tag" .
  # What was compiled is in ccache; without this every build would leave its layers behind.
  buildah rmi --prune >/dev/null
}

# As a node would run it with the chart's security context: its user, and a root that can't be written to.
in_image() {
  # shellcheck disable=SC2016 # for the inner shell
  unshare --mount sh -euc '
    mount --bind "$0" "$0"
    mount -o remount,bind,ro "$0"
    exec chroot --userspec=65532:65532 --groups= "$0" "$@"' "$root" "$@"
}

runs_as_nobody() {
  [[ $(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$tag") == 65532:65532 ]]
}
has_no_shell() { [[ ! -e $root/bin/sh && ! -e $root/usr/bin/sh && ! -e $root/usr/bin/apt-get ]]; }
knows_time_zones() { [[ -e $root/usr/share/zoneinfo/Europe/Amsterdam ]]; }
says_its_version() { in_image /usr/local/bin/patchwave --version | grep -q "$version"; }
answers_for_kubectl() { in_image /usr/local/bin/kubectl-patchwave version --client | grep -q "$version"; }
is_small() { (($(du -sm "$root" | cut -f1) < 100)); }

require_base
build_image
container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")
readonly root

check "the image runs as user 65532" runs_as_nobody
check "the image has no shell and no package manager" has_no_shell
check "the image has time zones" knows_time_zones
check "the operator runs in it and says its version" says_its_version
check "kubectl-patchwave runs in it" answers_for_kubectl
check "the image is smaller than 100 MB" is_small
if [[ -n $archive ]]; then
  rm -f "$archive"
  buildah push --quiet "$tag" "docker-archive:$archive:$tag"
  echo "$tag is written to $archive ($(du -h "$archive" | cut -f1)); docker load --input and podman load --input take it"
fi
echo "$passed passed, $failed failed"
((failed == 0))
