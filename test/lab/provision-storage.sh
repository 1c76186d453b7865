# The Vagrantfile's storage host: its addresses, and the services on them. Run as root at each boot. Settings:
#   lab_guest_mac, lab_log_mac   its cards on the two networks (test/lab/provision.sh)
set -eu

give() {
  for entry in /sys/class/net/*; do
    if [ "$(cat "$entry/address")" = "$1" ]; then
      ip addr replace "$2" dev "${entry##*/}"
      ip link set "${entry##*/}" up
    fi
  done
}

give "$lab_guest_mac" 10.0.0.100/24
give "$lab_log_mac" 10.0.1.3/24
systemctl restart nfs-kernel-server
