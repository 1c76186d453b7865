/**
 * A process of its own: runs a command in the guest by its service "shell" and writes what it prints.
 *
 *   node guest-command-client.js HOST PORT COMMAND
 */

import { once } from 'node:events';
import { connect } from 'node:net';

const [host = '', port = '', command = ''] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), noDelay: true });
await once(socket, 'connect');
socket.pipe(process.stdout);
socket.write(`${command}\nexit\n`);
await once(socket, 'end');
socket.destroy();
