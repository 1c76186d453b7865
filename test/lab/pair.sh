#!/bin/sh
# Starts one side of a pair on a host that provision.sh has made: pair.sh primary | backup. The primary is host a
# (10.0.1.1), the backup host b (10.0.1.2); the guest's counter is then on 10.0.0.2 port 7000. Run as root.
set -eu
vmft="node /vmft/dist/src/cli/main.js"
common="--accel kvm --net tap=tap0 --arbiter file:/storage"

systemctl reset-failed vmft-pair 2>/dev/null || true
case "${1:-}" in
primary)
  # A machine's name is used once: its flags stay in storage.
  systemd-run --unit=vmft-pair $vmft run debian $common --listen 10.0.1.1 \
    --machine-id "pair-$(date +%s)" --append "vmft.mode=demo vmft.ip=10.0.0.2/24 vmft.port=7000"
  ;;
backup)
  # The primary is given time to listen: it boots its guest meanwhile.
  for _ in $(seq 60); do
    if timeout 1 bash -c 'exec 3<>/dev/tcp/10.0.1.1/7654' 2>/dev/null; then break; fi
    sleep 1
  done
  systemd-run --unit=vmft-pair $vmft backup 10.0.1.1 $common --listen 10.0.1.2
  ;;
*)
  echo "usage: pair.sh primary|backup" >&2
  exit 2
  ;;
esac
echo "vmft-pair runs; see: journalctl -fu vmft-pair"
