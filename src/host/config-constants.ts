/** Of a host’s file. Apart from config.ts, whose libraries a command that reads no such file does without. */

/** Where the daemon looks when it is told nothing else. */
export const defaultConfigPath = '/etc/vmft/host.toml';

/** Of the control API, where none is named. */
export const defaultHostPort = 7400;

export const defaultStateFolder = '/var/lib/vmft';
export const defaultSocket = '/run/vmft/host.sock';

/** Names of hosts and of labels. */
export const hostNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
