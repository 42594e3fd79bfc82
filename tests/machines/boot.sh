#!/usr/bin/env bash
# The first process of a machine, in new mount, network, UTS, PID and IPC namespaces: makes the root, moves into it and
# becomes its init. Settings come in the environment; a line on stdin says that the network cable is plugged in.
set -euo pipefail
read -r _

mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$DISK/upper,workdir=$DISK/work" "$DISK/root"
cd "$DISK/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind "$DISK/boot_id" proc/sys/kernel/random/boot_id
# An overlay can't be the upper side of another one, so what containers' roots are made of lies outside of it.
for folder in containerd kubelet; do
  mkdir -p "var/lib/$folder" "$DISK/$folder"
  mount --bind "$DISK/$folder" "var/lib/$folder"
done
for program in kubelet kube-proxy; do
  touch "usr/local/bin/$program"
  mount --bind "$PROGRAMS/$program" "usr/local/bin/$program"
done
mkdir -p etc/machine
mount --bind "$CONFIG" etc/machine
# The mirror that the base was made from is out of reach; the one repository on the bridge takes its place.
rm -rf etc/apt/sources.list etc/apt/sources.list.d
ln -s /etc/machine/apt etc/apt/sources.list.d

hostname "$NAME"
ip link set lo up
ip address add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
while read -r range via; do
  [[ -z $range ]] || ip route add "$range" via "$via"
done <<<"$ROUTES"
echo 1 >proc/sys/net/ipv4/ip_forward

mkdir -p run/outside
pivot_root . run/outside
umount -l /run/outside
mount --make-rshared /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  /usr/bin/tini -s -- /bin/bash /etc/machine/services.sh </dev/null
