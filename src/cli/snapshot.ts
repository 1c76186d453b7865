import { Command } from 'commander';
import { resolve } from 'node:path';

import { VmftError } from '../base/errors.js';
import { hostMethods } from '../host/api/host-client.js';
import { ReplicaClient } from '../host/replica/replica-client.js';
import { OperationDisplay, mebibytes } from './operation-progress.js';
import {
  addHostConnection,
  isRemote,
  withHost,
  type HostConnectionOptions,
} from './options/host-connection.js';
import { parseMachineName } from './options/machine-name.js';
import { runOperation } from './run-operation.js';

export function snapshotCommand(): Command {
  const command = new Command('snapshot')
    .description('write a running machine to a file, from which vmft run --restore goes on')
    .argument('<machine|socket>', 'a machine of the hosts, or a replica’s control socket')
    .argument(
      '<file>',
      'where the machine runs; of its disks only what the guest has not written yet',
    );
  return addHostConnection(command).action(
    (target: string, file: string, options: HostConnectionOptions) =>
      target.includes('/') ? ofReplica(target, file) : ofMachine(target, file, options),
  );
}

function ofMachine(text: string, file: string, options: HostConnectionOptions): Promise<void> {
  const name = parseMachineName(text);
  const path = isRemote(options) ? file : resolve(file);
  return withHost(options, (host) =>
    runOperation(host, hostMethods.snapshot, { name, path }, `${name} is in ${path}`),
  );
}

/** Ctrl-C gives the snapshot up; the machine goes on. */
async function ofReplica(socket: string, file: string): Promise<void> {
  const client = new ReplicaClient(socket);
  const display = new OperationDisplay();
  const given = new AbortController();
  const giveUp = (): void => {
    given.abort();
  };
  for (const signal of signals) process.once(signal, giveUp);
  const beganMs = performance.now();
  try {
    const path = resolve(file);
    const taken = await client.snapshot(
      path,
      ({ writtenBytes, leftBytes }) => {
        const seconds = (performance.now() - beganMs) / 1_000;
        display.show({
          step: `writing ${path}`,
          sentBytes: writtenBytes,
          leftBytes,
          bytesPerSecond: writtenBytes / seconds,
          pauseMs: 0,
          done: false,
        });
      },
      given.signal,
    );
    display.stop();
    const { writtenBytes, pauseMs, stateDigest, memoryDigest } = taken;
    console.log(`${path}: ${mebibytes(writtenBytes)}, the guest paused ${pauseMs} ms`);
    const memory = memoryDigest === 0n ? '' : `, memory ${hexadecimal(memoryDigest)}`;
    console.log(`digest: state ${hexadecimal(stateDigest)}${memory}`);
  } catch (error) {
    if (!given.signal.aborted) throw error;
    throw new VmftError('stopped', 'the snapshot was given up', '', error);
  } finally {
    display.stop();
    for (const signal of signals) process.off(signal, giveUp);
    client.close();
  }
}

function hexadecimal(digest: bigint): string {
  return digest.toString(16).padStart(16, '0');
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
