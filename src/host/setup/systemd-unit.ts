/** For systemd (docs/host.md, The service). `command` are absolute paths: Node's and vmft's. */
export function systemdUnit(command: readonly string[]): string {
  const start = command.map(escaped).join(' ');
  return `[Unit]
Description=vmft host: fault-tolerant virtual machines
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target remote-fs.target

[Service]
Type=exec
ExecStartPre=${start} host --check
ExecStart=${start} host
# Replicas go on while the daemon is stopped, restarted or updated.
KillMode=process
Restart=always
RestartSec=1
RuntimeDirectory=vmft
RuntimeDirectoryPreserve=yes
StateDirectory=vmft
UMask=0077
LimitNOFILE=65536
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
}

function escaped(word: string): string {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}
