import { VmftError } from '../../base/errors.js';
import type { ArbiterPort, DiskPort, HeartbeatPort } from './ports.js';

/** For a machine that nobody can join: these are never asked. */

const absent = new VmftError('arbiter-unusable', 'this machine has no arbiter');

export const noArbiter: ArbiterPort = {
  url: '',
  form: (_machineId, _generation, done) => {
    done(absent);
  },
  verifyFormation: (_machineId, _generation, done) => {
    done(absent);
  },
  testAndSet: (_machineId, _generation, done) => {
    done({ kind: 'unreachable', error: absent });
  },
};

export const noHeartbeats: HeartbeatPort = {
  port: 0,
  send: () => undefined,
  deliver: () => undefined,
  towards: () => undefined,
  rest: () => false,
  rise: () => [],
};

export const noDisks: DiskPort = {
  prepare: ({ disks }, _user, _primary, done) => {
    done(disks.length === 0 ? null : hasNoDisks);
  },
  opened: () => null,
};

const hasNoDisks = new VmftError(
  'disk-unusable',
  'the guest has disks, and this host was given none',
  'name them with --disk',
);
