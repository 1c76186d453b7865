import { vmft } from '../generated/host-messages.js';
import type { vmft as Types } from '../generated/host-types.js';
import { decodePlain, encodePlain, type MessageType, type Plain } from './plain-message.js';

/** The services of proto/host.proto as both ends use them. */

export type Message<Name extends keyof typeof vmft.host> = Plain<
  Name extends keyof Fields ? Fields[Name] : never
>;

interface Fields {
  MachineSpec: Types.host.MachineSpec.$Properties;
  StartRequest: Types.host.StartRequest.$Properties;
  StartReply: Types.host.StartReply.$Properties;
  StopRequest: Types.host.StopRequest.$Properties;
  StopReply: Types.host.StopReply.$Properties;
  ResetRequest: Types.host.ResetRequest.$Properties;
  ResetReply: Types.host.ResetReply.$Properties;
  ProtectRequest: Types.host.ProtectRequest.$Properties;
  UnprotectRequest: Types.host.UnprotectRequest.$Properties;
  FailoverRequest: Types.host.FailoverRequest.$Properties;
  MoveRequest: Types.host.MoveRequest.$Properties;
  SetRequest: Types.host.SetRequest.$Properties;
  SetReply: Types.host.SetReply.$Properties;
  SnapshotRequest: Types.host.SnapshotRequest.$Properties;
  OperationProgress: Types.host.OperationProgress.$Properties;
  StatusRequest: Types.host.StatusRequest.$Properties;
  StatusReply: Types.host.StatusReply.$Properties;
  HostDescription: Types.host.HostDescription.$Properties;
  ReplicaDescription: Types.host.ReplicaDescription.$Properties;
  MachineStatus: Types.host.MachineStatus.$Properties;
  ConsoleInput: Types.host.ConsoleInput.$Properties;
  ConsoleOutput: Types.host.ConsoleOutput.$Properties;
  DescribeRequest: Types.host.DescribeRequest.$Properties;
  StartBackupRequest: Types.host.StartBackupRequest.$Properties;
  StartBackupReply: Types.host.StartBackupReply.$Properties;
  StopBackupRequest: Types.host.StopBackupRequest.$Properties;
  StopBackupReply: Types.host.StopBackupReply.$Properties;
}

export type HostDescription = Message<'HostDescription'>;
export type ReplicaDescription = Message<'ReplicaDescription'>;
export type MachineStatus = Message<'MachineStatus'>;
export type OperationProgress = Message<'OperationProgress'>;

export interface ApiMethod<Request, Reply> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (reply: Reply) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Reply;
}

function method<Request, Reply>(
  path: string,
  request: MessageType<Request>,
  reply: MessageType<Reply>,
  streams: 'none' | 'reply' | 'both' = 'none',
): ApiMethod<Plain<Request>, Plain<Reply>> {
  return {
    path,
    requestStream: streams === 'both',
    responseStream: streams !== 'none',
    requestSerialize: (fields) => encodePlain(request, fields),
    requestDeserialize: (bytes) => decodePlain(request, bytes),
    responseSerialize: (fields) => encodePlain(reply, fields),
    responseDeserialize: (bytes) => decodePlain(reply, bytes),
  };
}

const m = vmft.host;

/** For operators, on any host. */
export const hostMethods = {
  start: method('/vmft.host.Host/Start', m.StartRequest, m.StartReply),
  stop: method('/vmft.host.Host/Stop', m.StopRequest, m.StopReply),
  reset: method('/vmft.host.Host/Reset', m.ResetRequest, m.ResetReply),
  protect: method('/vmft.host.Host/Protect', m.ProtectRequest, m.OperationProgress, 'reply'),
  unprotect: method('/vmft.host.Host/Unprotect', m.UnprotectRequest, m.OperationProgress, 'reply'),
  failover: method('/vmft.host.Host/Failover', m.FailoverRequest, m.OperationProgress, 'reply'),
  move: method('/vmft.host.Host/Move', m.MoveRequest, m.OperationProgress, 'reply'),
  set: method('/vmft.host.Host/Set', m.SetRequest, m.SetReply),
  snapshot: method('/vmft.host.Host/Snapshot', m.SnapshotRequest, m.OperationProgress, 'reply'),
  status: method('/vmft.host.Host/Status', m.StatusRequest, m.StatusReply),
  console: method('/vmft.host.Host/Console', m.ConsoleInput, m.ConsoleOutput, 'both'),
} as const;

/** For other hosts' daemons. */
export const peerMethods = {
  describe: method('/vmft.host.Peer/Describe', m.DescribeRequest, m.HostDescription),
  startBackup: method('/vmft.host.Peer/StartBackup', m.StartBackupRequest, m.StartBackupReply),
  stopBackup: method('/vmft.host.Peer/StopBackup', m.StopBackupRequest, m.StopBackupReply),
} as const;
