import { rpcMethod } from '../rpc/method.js';
import { vmft } from './generated/replica-messages.js';

const wire = vmft.replica;
const at = (name: string): string => `/vmft.replica.Replica/${name}`;

/** proto/replica.proto, for both ends. */
export const replicaMethods = {
  status: rpcMethod(at('Status'), wire.StatusRequest, wire.StatusReply),
  events: rpcMethod(at('Events'), wire.EventsRequest, wire.Event, 'reply'),
  console: rpcMethod(at('Console'), wire.ConsoleInput, wire.ConsoleOutput, 'both'),
  control: rpcMethod(at('Control'), wire.ControlRequest, wire.ControlReply),
  handOver: rpcMethod(at('HandOver'), wire.HandOverRequest, wire.HandOverReply),
  leave: rpcMethod(at('Leave'), wire.LeaveRequest, wire.LeaveReply),
  snapshot: rpcMethod(at('Snapshot'), wire.SnapshotRequest, wire.SnapshotProgress, 'reply'),
};
