import type { OperationProgress } from '../api/methods.js';
import type { HostedMachine } from '../machine/hosted-machine.js';
import type { Peers } from '../peers/peers.js';

/** What an operation has to work with. It holds the machine's slot (operation-slots.ts) while it runs. */
export interface OperationPlace {
  readonly host: string;
  readonly machine: HostedMachine;
  readonly peers: Pick<Peers, 'describe' | 'describeAll' | 'startBackup' | 'stopBackup'>;
  /** Tells whoever asked. */
  readonly tell: (progress: Partial<OperationProgress>) => void;
}

export const noProgress: OperationProgress = {
  step: '',
  sentBytes: 0,
  leftBytes: 0,
  bytesPerSecond: 0,
  pauseMs: 0,
  done: false,
};
