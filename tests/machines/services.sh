#!/usr/bin/env bash
# What a machine runs, each started again when it ends. The machine ends when its init does.
service() {
  local name=$1
  shift
  while :; do
    "$@" >>"/var/log/$name.log" 2>&1 </dev/null
    echo "$name ended with status $?" >>"/var/log/$name.log"
    sleep 1
  done
}

# The first time only: what was installed since then stays.
if [[ ! -e /var/lib/first-boot-done ]]; then
  dpkg --install /etc/machine/packages/*.deb && touch /var/lib/first-boot-done
fi
service containerd containerd --config /etc/machine/containerd.toml &
until [[ -S /run/containerd/containerd.sock ]]; do sleep 0.1; done
service kubelet kubelet --config=/etc/machine/kubelet.yaml --kubeconfig=/etc/machine/kubelet.kubeconfig \
  --hostname-override="$(hostname)" --node-ip="$(cat /etc/machine/address)" --node-labels=pool=workers --v=2 &
service kube-proxy kube-proxy --config=/etc/machine/kube-proxy.yaml --hostname-override="$(hostname)" &
wait
