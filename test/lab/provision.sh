# Makes a machine a host of the lab: what a KVM with exact counters needs, and its two networks. Run as root, by
# a lab host's init and by the Vagrantfile. Settings, all optional:
#   lab_guest_nic=eth0    becomes a port of bridge br0, with the guest's tap0 beside it
#   lab_log_nic=eth1      gets lab_log_address=10.0.1.1/24
#   lab_kvm=no            does not load KVM

# A slow host must not throttle the event by which a counter's overflow is heard; in this order.
echo 1000000 >/proc/sys/kernel/perf_event_max_sample_rate
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
echo -1 >/proc/sys/kernel/perf_event_paranoid

if [ "${lab_kvm:-}" != no ]; then
  if grep -qw svm /proc/cpuinfo; then modprobe kvm_amd; else modprobe kvm_intel; fi
fi
modprobe tun

ip link set lo up
if [ -n "${lab_guest_nic:-}${lab_log_nic:-}" ]; then modprobe virtio_net; fi
if [ -n "${lab_guest_nic:-}" ]; then
  modprobe bridge
  ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  ip tuntap add dev tap0 mode tap
  ip link set tap0 master br0 up
  ip link set "$lab_guest_nic" master br0 up
  ip link set br0 up
fi
if [ -n "${lab_log_nic:-}" ]; then
  ip addr add "$lab_log_address" dev "$lab_log_nic"
  ip link set "$lab_log_nic" up
fi
