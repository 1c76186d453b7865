import type { BankBody, BankState, Operation, SetBody, SetState } from '../history/operation.js';
import type { WorkloadName } from './workload.js';

/** A line of JSON of the client process. */
export type Report =
  | { readonly type: 'connected'; readonly client: string }
  | {
      readonly type: 'operation';
      readonly workload: WorkloadName;
      readonly operation: Operation<BankBody | SetBody>;
    }
  | { readonly type: 'broken'; readonly client: string; readonly why: string }
  | {
      readonly type: 'final';
      readonly workload: WorkloadName;
      readonly state: BankState | SetState;
    }
  | { readonly type: 'done' };
