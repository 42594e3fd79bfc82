"""The files that a machine boots with: what containerd, kubelet and kube-proxy are told."""

import json

import yaml

from controlplane.kube_api import kubeconfig

# What is left of the host for pods of one machine: they share its memory, and must not each claim all of it.
POD_MEMORY_BYTES = 2 << 30
MAX_PODS = 60
CLUSTER_DNS = "10.96.0.10"  # nobody answers there: pods name their servers by address


def host_memory_bytes():
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemTotal:"))


def write(folder, name, index, network, server, pki, registry):
    """`server` is the API server's address and `registry` (host:port as images name it) is reached on the bridge."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, target in ((f"{name}.crt", "node.crt"), (f"{name}.key", "node.key"), ("ca.crt", "ca.crt"),
                         ("kube-proxy.crt", "kube-proxy.crt"), ("kube-proxy.key", "kube-proxy.key")):
        (folder / target).write_bytes((pki / file).read_bytes())
        (folder / target).chmod(0o600)
    here = "/etc/machine"
    for client, file in (("node", "kubelet"), ("kube-proxy", "kube-proxy")):
        user = {"client-certificate": f"{here}/{client}.crt", "client-key": f"{here}/{client}.key"}
        (folder / f"{file}.kubeconfig").write_text(kubeconfig(server, f"{here}/ca.crt", user))
    (folder / "address").write_text(network.address(index))
    (folder / "kubelet.yaml").write_text(yaml.safe_dump(_kubelet(name, network)))
    (folder / "kube-proxy.yaml").write_text(yaml.safe_dump(_kube_proxy(network)))
    (folder / "containerd.toml").write_text(_containerd(registry))
    (folder / "cni").mkdir(exist_ok=True)
    (folder / "cni" / "10-pods.conflist").write_text(json.dumps(_cni(network.pod_range(index))))
    mirror = folder / "registries" / registry
    mirror.mkdir(parents=True, exist_ok=True)
    door = f"http://{network.gateway}:{registry.rpartition(':')[2]}"
    (mirror / "hosts.toml").write_text(f'server = "{door}"\n[host."{door}"]\n  capabilities = ["pull", "resolve"]\n')


def _kubelet(name, network):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": "/etc/machine/ca.crt"}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/etc/machine/node.crt", "tlsPrivateKeyFile": "/etc/machine/node.key",
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{cgroup(name, network)}", "cgroupsPerQOS": True,
        "enforceNodeAllocatable": [], "failSwapOn": False, "failCgroupV1": False, "oomScoreAdj": 0,
        "maxOpenFiles": 20000, "maxPods": MAX_PODS, "makeIPTablesUtilChains": False, "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s", "nodeLeaseDurationSeconds": 20, "resolvConf": "",
        "clusterDNS": [CLUSTER_DNS], "clusterDomain": "cluster.local",
        "kubeReserved": {"memory": str(max(0, host_memory_bytes() - POD_MEMORY_BYTES))},
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"}}


def cgroup(name, network):
    return f"{network.bridge}/{name}"


def _kube_proxy(network):
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
        "clientConnection": {"kubeconfig": "/etc/machine/kube-proxy.kubeconfig"}, "clusterCIDR": network.range,
        # A pod that reaches itself or its neighbour by a service needs it: a bridge does not look into its own traffic.
        "iptables": {"masqueradeAll": True, "minSyncPeriod": "100ms", "syncPeriod": "10s"},
        # The limits belong to the host's kernel; 0 leaves them alone.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}}


def _cni(pod_range):
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [
        {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
         "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": pod_range}]],
                  "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}}]}


def _containerd(registry):
    return f"""version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{registry}/machines/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/machine/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/machine/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""
