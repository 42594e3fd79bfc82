#!/usr/bin/env bash
# Prints the folder that holds the control-plane programs, building what lacks; with --nodes, the folder of those that
# a real node runs.
#
# KUBEBUILDER_ASSETS (the envtest convention) is used as far as it goes. Everything else is built once from the
# Go modules pinned beside this script into a cache that is keyed by those pins, so it outlives the build folder.
# Progress goes to stderr; stdout has the folder and nothing else. With --check it builds nothing: the status says
# whether all is there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
# Go fetches the toolchain that a go.mod names, whatever the distribution's default.
export GOTOOLCHAIN=auto CGO_ENABLED=0

# program, folder of the module that pins it, package
readonly control_plane_programs="
etcd                    etcd        go.etcd.io/etcd/server/v3
kube-apiserver          kubernetes  k8s.io/kubernetes/cmd/kube-apiserver
kube-controller-manager kubernetes  k8s.io/kubernetes/cmd/kube-controller-manager
kube-scheduler          kubernetes  k8s.io/kubernetes/cmd/kube-scheduler
kubectl                 kubernetes  k8s.io/kubernetes/cmd/kubectl
kwok                    kwok        sigs.k8s.io/kwok/cmd/kwok
helm                    helm        helm.sh/helm/v4/cmd/helm
"
# A list, pins and a cache of their own: only those who want real nodes wait for them.
readonly node_programs="
kubelet    nodes k8s.io/kubernetes/cmd/kubelet
kube-proxy nodes k8s.io/kubernetes/cmd/kube-proxy
"
programs=$control_plane_programs

pins_hash() {
  local folders
  mapfile -t folders < <(awk 'NF { print "./" $2 }' <<<"$programs" | sort -u)
  (cd "$here" && { cat "${folders[@]/%//go.mod}" "${folders[@]/%//go.sum}" && declare -f build link_flags; } |
    sha256sum | cut -c1-16)
}

# Kubernetes takes its version from the linker. Without it the API server calls itself v0.0.0, and helm believes it.
link_flags() {
  local module=$1 version=$2 package=k8s.io/component-base/version
  echo -n "-s -w"
  [[ $module == k8s.io/kubernetes ]] || return 0
  local major minor
  IFS=. read -r major minor _ <<<"${version#v}"
  echo -n " -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
}

require_go() {
  local version
  version=$(go env GOVERSION 2>/dev/null | sed 's/^go//')
  if [[ -z $version ]] || [[ $(printf '1.21\n%s\n' "$version" | sort -V | head -n1) != 1.21 ]]; then
    echo "building the control plane needs Go 1.21 or newer; found '${version:-none}'. ./dev installs one." >&2
    return 1
  fi
}

build() {
  local program=$1 folder=$2 package=$3 target=$4 started=$SECONDS module version
  require_go
  cd "$here/$folder"
  module=$(module_of "$package")
  version=$(go list -m -f '{{.Version}}' "$module")
  echo "  building $program from $module $version" >&2
  # Built beside its place and renamed, so that an interrupted build never looks like a finished one.
  go build -trimpath -buildvcs=false -ldflags "$(link_flags "$module" "$version")" -o "$target.partial" "$package" >&2
  mv "$target.partial" "$target"
  echo "  built $program in $((SECONDS - started)) s" >&2
}

module_of() {
  case $1 in
    k8s.io/kubernetes/*) echo k8s.io/kubernetes ;;
    */cmd/*) echo "${1%/cmd/*}" ;;
    *) echo "$1" ;;
  esac
}

all_there() {
  local program
  while read -r program _; do
    [[ -z $program || -x $1/$program || -x ${KUBEBUILDER_ASSETS:-/nowhere}/$program ]] || return 1
  done <<<"$programs"
}

main() {
  local cache built bin program folder package name=controlplane
  if [[ ${1:-} == --nodes ]]; then
    name=nodes programs=$node_programs
    shift
  fi
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/patchwave/$name-$(pins_hash)
  built=$cache/built
  # A folder of links for each KUBEBUILDER_ASSETS: what was built stays whole when the variable comes and goes.
  bin=$cache/links-$(printf '%s' "${KUBEBUILDER_ASSETS:-}" | sha256sum | cut -c1-8)
  if [[ ${1:-} == --check ]]; then
    all_there "$built"
    return
  fi
  mkdir -p "$built" "$bin"
  exec 9>"$cache/lock"
  flock 9
  while read -r program folder package; do
    [[ -n $program ]] || continue
    if [[ -n ${KUBEBUILDER_ASSETS:-} && -x $KUBEBUILDER_ASSETS/$program ]]; then
      ln -sfn "$KUBEBUILDER_ASSETS/$program" "$bin/$program"
      continue
    fi
    [[ -x $built/$program ]] || (build "$program" "$folder" "$package" "$built/$program")
    ln -sfn "$built/$program" "$bin/$program"
  done <<<"$programs"
  echo "$bin"
}

main "$@"
