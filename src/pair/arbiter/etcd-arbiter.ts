/**
 * Arbitration by etcd: `etcd://host,host,host/prefix`. For machines with private disks, where there is no shared
 * storage to ask.
 *
 * A flag is a key, `PREFIX/MACHINE/GENERATION/formed|taken`, with the record as its value. A transaction makes it:
 * if the key was never created, put, else get. Raft makes that one step of the whole cluster, durable on a majority
 * before it is answered. What an answer that was never heard leaves behind is our own record: asking again finds it, and
 * the answer is "won" again. Reads are linearizable, so they too need a quorum and show every flag ever answered.
 *
 * Every member is asked at once, and the first answer counts. A host has just died when this is asked in earnest, perhaps
 * one of the cluster's: nothing may wait for it. Asking twice is harmless by the above. (That is why this is grpc-js
 * and not the npm package etcd3, which asks one member after another and repeats by rules of its own.)
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { longOfBigint } from '../../base/uint64.js';
import { formatAddress } from '../channel/address.js';
import type { Arbiter, FlagEntry, FlagOutcome, FlagRequest } from './arbiter.js';
import { EtcdMember } from './etcd-member.js';
import type { EtcdUrl } from './etcd-url.js';
import {
  decodeFlagRecord,
  encodeFlagRecord,
  formedByAnother,
  newFlagEntry,
  requireMachineId,
} from './flag-record.js';
import { vmft } from './generated/etcd-messages.js';

const wire = vmft.etcd;
const methods = { range: '/etcdserverpb.KV/Range', txn: '/etcdserverpb.KV/Txn' } as const;
const openRetryMs = 100;
const othersAnswerMs = 100;

export class EtcdArbiter implements Arbiter {
  readonly url: string;
  private readonly members: readonly EtcdMember[];
  private readonly prefix: string;
  /** Which cluster answered first. */
  private cluster: string | null = null;
  /** Members of two clusters are named: what one decides, the other does not know. */
  private mixed: VmftError | null = null;

  /** Throws `tls-unusable`. */
  constructor(url: EtcdUrl) {
    this.url = url.shown;
    this.prefix = url.prefix;
    this.members = url.members.map((member) => new EtcdMember(formatAddress(member), url));
  }

  /** Resolves once a quorum has answered; rejects as operations do when it does not for a few seconds. */
  async open(): Promise<void> {
    const giveUpAtMs = Date.now() + limits.arbiterOpenMs;
    for (;;) {
      try {
        await this.range(Buffer.from(`${this.prefix}/`), Buffer.alloc(0), 1);
        // Others that answer as soon show whether they are of the same cluster; later ones later.
        if (this.members.length > 1) await sleep(othersAnswerMs);
        if (this.mixed !== null) throw this.mixed;
        return;
      } catch (error) {
        if (!(error instanceof VmftError) || error.code !== 'arbiter-unreachable') throw error;
        if (Date.now() >= giveUpAtMs) {
          const what = 'check its addresses; a majority of its members must answer';
          throw new VmftError(error.code, error.message, what, error);
        }
        await sleep(openRetryMs);
      }
    }
  }

  async testAndSet(request: FlagRequest): Promise<FlagOutcome> {
    const winner = await this.createOnce(newFlagEntry('taken', request));
    return winner === request.replicaId ? { kind: 'won' } : { kind: 'lost', winner };
  }

  async form(request: FlagRequest): Promise<void> {
    const owner = await this.createOnce(newFlagEntry('formed', request));
    if (owner !== request.replicaId) throw formedByAnother(request);
  }

  async sees(machineId: string, generation: bigint): Promise<boolean> {
    const key = this.key({ kind: 'formed', machineId, generation });
    const { kvs } = await this.range(Buffer.from(key), Buffer.alloc(0), 1);
    return kvs.length > 0;
  }

  async read(machineId: string | null): Promise<FlagEntry[]> {
    if (machineId !== null) requireMachineId(machineId);
    const below = machineId === null ? `${this.prefix}/` : `${this.prefix}/${machineId}/`;
    // The first key behind all that begin so: '0' comes after '/'.
    const end = Buffer.from(`${below.slice(0, -1)}0`);
    const entries: FlagEntry[] = [];
    let from = Buffer.from(below);
    for (;;) {
      const { kvs, more } = await this.range(from, end, limits.etcdKeysAtOnce);
      for (const { key, value } of kvs) entries.push(this.record(text(key), value));
      const last = kvs.at(-1)?.key ?? null;
      if (!more || last === null) return entries;
      from = Buffer.concat([last, Buffer.from([0])]);
    }
  }

  close(): void {
    for (const member of this.members) member.close();
  }

  /** Creates the record's key unless it exists; returns the replica id in the one that exists then. */
  private async createOnce(entry: FlagEntry): Promise<string> {
    const name = this.key(entry);
    const key = Buffer.from(name);
    const value = Buffer.from(encodeFlagRecord(entry));
    const request = wire.TxnRequest.encode({
      compare: [
        {
          result: wire.Compare.CompareResult.EQUAL,
          target: wire.Compare.CompareTarget.CREATE,
          key,
          createRevision: longOfBigint(0n),
        },
      ],
      success: [{ requestPut: { key, value } }],
      failure: [{ requestRange: { key } }],
    }).finish();
    const answer = await this.ask(methods.txn, request, (bytes) => wire.TxnResponse.decode(bytes));
    if (answer.succeeded) return entry.replicaId;
    const found = answer.responses[0]?.responseRange?.kvs?.[0];
    if (found === undefined) throw this.noFlag(name);
    return this.record(name, found.value).replicaId;
  }

  private range(key: Buffer, rangeEnd: Buffer, keys: number) {
    const request = wire.RangeRequest.encode({ key, rangeEnd, limit: longOfBigint(BigInt(keys)) });
    return this.ask(methods.range, request.finish(), (bytes) => wire.RangeResponse.decode(bytes));
  }

  private async ask<T extends Answer>(
    method: string,
    request: Uint8Array,
    decode: (bytes: Buffer) => T,
  ): Promise<T> {
    const answers = this.members.map(async (member) => {
      const answer = decode(await member.call(method, request));
      this.requireOneCluster(answer);
      return answer;
    });
    try {
      const answer = await Promise.any(answers);
      if (this.mixed !== null) throw this.mixed;
      return answer;
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error;
      const errors = error.errors as Error[];
      // A refusal says more than a silence.
      const refusal = errors.find((each) => each instanceof VmftError && isRefusal(each));
      throw refusal ?? errors[0] ?? error;
    }
  }

  private requireOneCluster({ header }: Answer): void {
    const id = header?.clusterId?.toString() ?? '';
    this.cluster ??= id;
    if (id !== this.cluster) {
      this.mixed ??= new VmftError(
        'arbiter-unusable',
        `${this.url} names members of different etcd clusters`,
        'name the members of one cluster: two could decide differently',
      );
    }
    if (this.mixed !== null) throw this.mixed;
  }

  private key({
    kind,
    machineId,
    generation,
  }: Pick<FlagEntry, 'kind' | 'machineId' | 'generation'>): string {
    requireMachineId(machineId);
    return `${this.prefix}/${machineId}/${generation}/${kind}`;
  }

  private record(name: string, value: Uint8Array | null | undefined): FlagEntry {
    const tooLong = (value?.length ?? 0) > limits.flagRecordBytesMax;
    const entry = tooLong ? null : decodeFlagRecord(text(value));
    if (entry === null || this.key(entry) !== name) throw this.noFlag(name);
    return entry;
  }

  private noFlag(name: string): VmftError {
    return new VmftError(
      'arbiter-unusable',
      `the key ${name} in etcd is not a flag of vmft`,
      'look who writes there; vmft needs the prefix for itself',
    );
  }
}

interface Answer {
  readonly header?: { readonly clusterId?: { toString(): string } | null } | null;
}

function isRefusal({ code }: VmftError): boolean {
  return code !== 'arbiter-unreachable';
}

function text(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}
