# Makes a machine a host of the lab: what a KVM with exact counters needs, and its two networks. Run as root, at each
# boot, by a lab host's init and by the Vagrantfile; doing it twice changes nothing. Settings, all optional:
#   lab_guest_mac=52:54:00:00:00:01   the card that becomes a port of bridge br0, with a guest's tap0 beside it
#   lab_log_mac=52:54:00:00:01:01     the card of the logging network, with
#   lab_log_address=10.0.1.1/24       this address

# A slow host must not throttle the event by which a counter's overflow is heard; in this order.
echo 1000000 >/proc/sys/kernel/perf_event_max_sample_rate
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
echo -1 >/proc/sys/kernel/perf_event_paranoid

if grep -qw svm /proc/cpuinfo; then modprobe kvm_amd; else modprobe kvm_intel; fi
modprobe tun

# The name of the card with this address.
card() {
  for entry in /sys/class/net/*; do
    # A bridge takes over the address of its first port.
    if [ -e "$entry/device" ] && [ "$(cat "$entry/address")" = "$1" ]; then
      echo "${entry##*/}"
      return
    fi
  done
  echo "provision: no network card has the address $1" >&2
}

ip link set lo up
if [ -n "${lab_guest_mac:-}${lab_log_mac:-}" ]; then modprobe virtio_net; fi
if [ -n "${lab_guest_mac:-}" ]; then
  modprobe bridge
  [ -e /sys/class/net/br0 ] ||
    ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  [ -e /sys/class/net/tap0 ] || ip tuntap add dev tap0 mode tap
  ip link set tap0 master br0 up
  ip link set "$(card "$lab_guest_mac")" master br0 up
  ip link set br0 up
fi
if [ -n "${lab_log_mac:-}" ]; then
  ip addr replace "$lab_log_address" dev "$(card "$lab_log_mac")"
  ip link set "$(card "$lab_log_mac")" up
fi
