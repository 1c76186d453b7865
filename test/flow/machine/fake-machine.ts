import { MachineError } from '../../../src/base/errors.js';
import type {
  CopiedPages,
  DiskRange,
  ExecutionProgress,
  FedSegment,
  GuestConfig,
  LiveOptions,
  Machine,
  MachineDigest,
  MachineEvents,
  MachineStatus,
  Position,
  Replication,
  StopReason,
} from '../../../src/flow/machine/machine.js';
import { decodeFakeFrame, type FakeSegment } from './fake-frame.js';
import {
  bootedGuest,
  runTick,
  takeInput,
  type DiskWrite,
  type GuestInput,
  type GuestState,
} from './fake-guest.js';
import type { FakeHooks } from './fake-hooks.js';
import { FakeRecorder, nsPerTick } from './fake-recorder.js';
import { FakeMemory, sealed, unsealed, type FakeOutput, type FakeState } from './fake-image.js';

type Mode = MachineStatus['mode'];

/**
 * A machine in a few lines, deterministic like the real one: it keeps every promise of
 * src/flow/machine/machine.ts that the protocol builds on. Time stands still until `step` is called.
 */
export class FakeMachine implements Machine {
  private readonly memory = new FakeMemory();
  state: GuestState;
  closed = false;
  slowedForCopy = false;
  private modeNow: Mode = 'created';
  private live: LiveOptions | null = null;
  private goingLive: LiveOptions | null = null;
  private outputs: FakeOutput[] = [];
  private released = 0;
  private releasedThrough = 0;
  private readonly recorder = new FakeRecorder();
  private fedNext = 0;
  private replicaGeneration = 0;
  private replication: Replication = 'replay';
  private queue: FakeSegment[] = [];
  private queueInput = 0;
  private digests = 0;
  private share = 1;
  private credit = 0;
  private claiming = false;
  /** Writes that have ended, not inputs yet. */
  private diskEnds: number[] = [];
  private readonly diskChanges = new Map<number, DiskRange[]>();
  private endedBy: StopReason | null = null;
  /** Asked for while it was paused. */
  private readonly controls: { readonly kind: GuestInput['kind']; readonly value: number }[] = [];

  constructor(
    readonly config: GuestConfig,
    private readonly events: MachineEvents,
    private readonly hooks: FakeHooks,
  ) {
    this.state = bootedGuest(config.randomSeed.readUInt32LE(0), hooks.disk !== undefined);
  }

  /** Every input since boot, on this machine and those whose state it has: its history, for checkers. */
  get lineage(): readonly GuestInput[] {
    return this.memory.history;
  }

  get copying(): boolean {
    return this.memory.copying;
  }

  get mode(): Mode {
    return this.modeNow;
  }

  /** True while this machine takes the world's inputs and runs. */
  get running(): boolean {
    return this.modeNow === 'live';
  }

  get gated(): boolean {
    return this.live?.gated ?? false;
  }

  get speed(): number {
    return this.share;
  }

  attachTap(): void {
    this.need('created');
  }

  attachDisk(): void {
    this.need('created');
  }

  diskReadsDone(): void {
    // Its guest has no disks.
  }

  trackDiskChanges(index: number, on: boolean): void {
    if (on) this.diskChanges.set(index, []);
    else this.diskChanges.delete(index);
  }

  takeDiskChanges(index: number): readonly DiskRange[] {
    return this.diskChanges.get(index)?.splice(0) ?? [];
  }

  /** A write of the guest's to its disk has ended. */
  diskChanged(index: number, range: DiskRange): void {
    this.diskChanges.get(index)?.push(range);
  }

  /** Which disks' changes are kept. */
  get tracked(): readonly number[] {
    return [...this.diskChanges.keys()];
  }

  startLive(options: LiveOptions): void {
    this.need('created');
    this.modeNow = 'live';
    this.setLive(options);
  }

  pause(): Promise<Position> {
    this.pauseNow();
    return Promise.resolve(this.position());
  }

  pauseNow(): void {
    this.need('live');
    this.modeNow = 'paused';
    this.flush(false);
  }

  resume(options: LiveOptions): void {
    this.need('paused');
    this.modeNow = 'live';
    this.setLive(options);
    for (const { kind, value } of this.controls.splice(0)) this.input(kind, value);
  }

  reconfigure(options: LiveOptions): void {
    this.need('live');
    this.setLive(options);
  }

  setCpuShare(share: number): void {
    if (!(share >= 0.01 && share <= 1))
      throw new MachineError('bad-argument', `a share of ${share}`);
    this.input('cpu-share', Math.round(1000 * share));
  }

  copyBegin(): void {
    if (this.modeNow !== 'paused') this.need('live');
    this.memory.copyBegin();
  }

  copyRead(memoryBytesMax: number): Promise<CopiedPages | null> {
    return this.promised(() => this.memory.copyRead(Math.min(pagesAtOnce, memoryBytesMax / 4096)));
  }

  copyChanges(): Promise<number> {
    return this.promised(() => (this.hooks.forgetfulCopy === true ? 0 : this.memory.copyChanges()));
  }

  copyState(): Buffer {
    this.need('paused');
    this.record({ tick: this.state.tick, kind: 'snapshot', value: 0 });
    this.recorder.forget();
    if (this.hooks.forgetfulCopy !== true) this.memory.copyChanges();
    return sealed(this.image());
  }

  copyEnd(): void {
    this.memory.copyEnd();
  }

  restorePages(pages: Buffer): void {
    this.need('created');
    this.memory.restore(pages);
  }

  restoreState(state: Buffer): void {
    this.need('created');
    this.takeOver(unsealed(state) as FakeState);
  }

  startReplica(options: { readonly generation: bigint; readonly replication: Replication }): void {
    this.need('created');
    this.modeNow = 'replica';
    this.replicaGeneration = Number(options.generation);
    this.replication = options.replication;
  }

  feed(frame: Buffer): FedSegment {
    this.need('replica');
    const segment = decodeFakeFrame(frame, this.hooks.uncheckedFrames !== true);
    if (segment.generation !== this.replicaGeneration) {
      throw new MachineError('frame-generation', `a frame of generation ${segment.generation}`);
    }
    if (segment.sequence !== this.fedNext) {
      throw new MachineError('frame-out-of-order', `segment ${segment.sequence}`);
    }
    if ((segment.checkpoint !== undefined) !== (this.replication === 'checkpoint')) {
      throw new MachineError('frame-corrupt', 'a frame of the other replication');
    }
    this.fedNext += 1;
    this.queue.push(segment);
    this.hooks.held?.(segment);
    return {
      generation: BigInt(segment.generation),
      sequence: BigInt(segment.sequence),
      runUntilTicks: BigInt(segment.runUntil),
      outputsProduced: BigInt(segment.produced),
      outputsReleased: BigInt(segment.released),
    };
  }

  goLive(options: LiveOptions): void {
    if (this.endedBy !== null) {
      this.show(Infinity);
      return;
    }
    this.need('replica');
    this.goingLive = options;
    this.execute(0);
  }

  acknowledge(sequence: bigint): void {
    this.recorder.acknowledge(sequence);
  }

  releaseOutputs(through: bigint, untilMs: number): void {
    const replica = this.modeNow === 'replica' || (this.endedBy !== null && this.live === null);
    if (replica) {
      this.forget(Number(through));
      return;
    }
    this.releasedThrough = Math.max(this.releasedThrough, Number(through));
    this.show(this.releasedThrough, untilMs);
  }

  announce(): void {
    this.hooks.announced?.();
  }

  consoleInput(bytes: Buffer): void {
    for (const value of bytes) this.input('console', value);
  }

  control(kind: 'power-button' | 'reset' | 'power-off'): void {
    if (kind === 'power-off') this.input('power-off', 0);
    if (kind === 'reset') this.input('guest-reset', 0);
  }

  /** A client's request arrives by the network. */
  request(id: number): void {
    this.input('request', id);
  }

  setSpeedLimit(share: number): void {
    this.slowedForCopy ||= this.copying && share < 1;
    this.share = share;
  }

  digest(): MachineDigest {
    return { position: this.position(), state: BigInt(this.state.hash), memory: 0n };
  }

  status(): MachineStatus {
    return {
      mode: this.modeNow,
      code: 'interpreted',
      position: this.position(),
      virtualNs: this.virtualNs(),
      halted: false,
      stalled: this.stalled,
      outputsProduced: BigInt(this.state.outputs),
      outputsReleased: BigInt(this.released),
      unacknowledgedBytes: this.recorder.unacknowledgedBytes,
      recordedBytes: 0n,
      framesReceived: 0n,
      framesSent: 0n,
      framesDropped: 0n,
      residentBytes: 0,
      cpuShare: this.state.cpuSharePermille / 1000,
      disks: [],
      stops: null,
    };
  }

  stop(): void {
    if (this.modeNow === 'stopped') return;
    this.halt('stopped', 'stop() was called');
  }

  /** Planted fault: the accelerator ends it. */
  fail(reason: StopReason, message: string): void {
    this.halt(reason, message);
  }

  close(): void {
    this.closed = true;
    this.modeNow = 'stopped';
  }

  /** Runs for up to `ticks` ticks: live with the world's inputs, a replica as far as its log goes. */
  step(ticks: number): void {
    if (this.modeNow === 'replica') this.execute(ticks);
    if (this.modeNow !== 'live' || this.stalled) return;
    for (const output of this.diskEnds.splice(0)) this.input('disk', output);
    this.credit += ticks * Math.min(this.share, this.state.cpuSharePermille / 1000);
    let urgent = false;
    for (; this.credit >= 1 && this.running; this.credit -= 1) {
      if (this.state.tick % 40 === 7) this.input('entropy', this.hooks.entropy());
      urgent = this.tickOnce() || urgent;
      const { ended } = this.state;
      if (ended !== null) {
        this.flush(true);
        this.halt(ended, `the guest ended by ${ended}`);
        return;
      }
    }
    // Outputs do not cut an epoch short.
    const hasten = urgent && this.live?.replication !== 'checkpoint';
    if (hasten || this.recorder.due(this.state.tick)) this.flush(urgent);
  }

  private promised<T>(run: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(run());
    });
  }

  private image(): FakeState {
    return { state: this.state, outputs: this.outputs, released: this.released };
  }

  private takeOver({ state, outputs, released }: FakeState): void {
    this.state = state;
    this.released = Math.max(this.released, released);
    this.outputs = outputs.filter(({ index }) => index > this.released);
  }

  private get stalled(): boolean {
    return (
      this.live !== null && this.recorder.unacknowledgedBytes >= this.live.unacknowledgedBytesMax
    );
  }

  private tickOnce(): boolean {
    const content = runTick(this.state);
    if (content === null) return false;
    this.outputs.push({ index: this.state.outputs, content });
    if (this.live?.gated === false) this.show(this.state.outputs);
    return true;
  }

  private input(kind: GuestInput['kind'], value: number): void {
    if (this.modeNow === 'paused' && isControl(kind)) this.controls.push({ kind, value });
    if (this.modeNow !== 'live') return;
    const input = { tick: this.state.tick, kind, value } as GuestInput;
    takeInput(this.state, input);
    this.record(input);
  }

  private record(input: GuestInput): void {
    this.memory.push(input);
    if (this.hooks.dropInput?.(input) !== true) this.recorder.add(input);
  }

  private flush(urgent: boolean): void {
    for (const segment of this.recorder.flush(this.live, this.image(), urgent)) {
      this.events.segment(segment);
    }
  }

  private setLive(options: LiveOptions): void {
    this.recorder.start(options, this.live, this.state.outputs);
    this.live = options;
    if (!options.gated) this.show(Infinity);
  }

  /** A replica's step: `ticks` at most, never past the last segment's `runUntil`. */
  private execute(ticks: number): void {
    if (this.replication === 'checkpoint') this.takeCheckpoints();
    else this.executeLog(ticks);
    if (this.modeNow !== 'replica') return;
    if (this.state.ended !== null) {
      this.endReplica(this.state.ended);
      return;
    }
    if (this.goingLive !== null && this.queue.length === 0) this.claimDisk(this.goingLive);
  }

  /** What has no last part yet is kept; it counts for nothing when this replica goes live. */
  private takeCheckpoints(): void {
    let taken: FakeSegment | null = null;
    const torn = this.hooks.tornCheckpoints === true && this.goingLive !== null;
    for (;;) {
      const last = this.queue.findIndex(({ checkpoint }) => checkpoint !== null);
      if (last < 0) break;
      for (const part of this.queue.splice(0, last + 1)) {
        for (const input of part.inputs) this.memory.push(input);
        if (part.checkpoint !== null && part.checkpoint !== undefined) {
          this.takeOver(part.checkpoint);
          taken = part;
        }
      }
    }
    if (torn)
      for (const { inputs } of this.queue) for (const input of inputs) this.memory.push(input);
    if (this.goingLive !== null) this.queue = [];
    if (taken !== null) this.events.executed(this.progressOf(taken));
  }

  private executeLog(ticks: number): void {
    let left = ticks;
    let progress: ExecutionProgress | null = null;
    let segment = this.queue[0];
    while (segment !== undefined) {
      for (; this.queueInput < segment.inputs.length; this.queueInput += 1) {
        const input = segment.inputs[this.queueInput];
        if (input === undefined || input.tick > this.state.tick) break;
        takeInput(this.state, input);
        this.memory.push(input);
      }
      if (this.state.tick >= segment.runUntil) {
        if (!this.finishSegment(segment)) return;
        progress = this.progressOf(segment);
        segment = this.queue[0];
        continue;
      }
      if (left <= 0) break;
      left -= 1;
      this.tickOnce();
    }
    if (progress !== null) this.events.executed(progress);
  }

  private claimDisk(options: LiveOptions): void {
    const { disk } = this.hooks;
    if (this.claiming) return;
    this.claiming = true;
    if (disk === undefined) this.becomeLive(options);
    else {
      disk.claim(() => {
        if (this.modeNow === 'replica') this.becomeLive(options);
      });
    }
  }

  private writeDisk(write: DiskWrite): void {
    this.hooks.disk?.write(write, () => {
      this.diskEnds.push(write.output);
    });
  }

  private progressOf(segment: FakeSegment): ExecutionProgress {
    return {
      sequence: BigInt(segment.sequence),
      position: this.position(),
      virtualNs: this.virtualNs(),
      digestsChecked: BigInt(this.digests),
      diskReadsDone: 0n,
    };
  }

  private finishSegment(segment: FakeSegment): boolean {
    this.queue.shift();
    const exact = this.queueInput === segment.inputs.length && this.state.tick === segment.runUntil;
    this.queueInput = 0;
    this.digests += 1;
    if (exact && this.state.hash === segment.digest) return true;
    this.halt('divergence', `the digest at tick ${segment.runUntil} is another`);
    return false;
  }

  private endReplica(ended: StopReason): void {
    if (this.goingLive !== null) this.show(Infinity);
    this.halt(ended, `the guest ended by ${ended}`);
  }

  private becomeLive(options: LiveOptions): void {
    this.goingLive = null;
    this.modeNow = 'live';
    const { write } = this.state;
    // What the primary let go may be done or not; what waits for the gate goes with the outputs.
    const waits = this.outputs.some((output) => output.index === write?.output);
    if (write !== null && !waits && this.hooks.disk?.forgetful !== true) this.writeDisk(write);
    this.setLive(options);
    this.events.live(this.position());
  }

  private halt(reason: StopReason, message: string): void {
    this.modeNow = 'stopped';
    this.endedBy = reason;
    this.events.stopped({ reason, position: this.position(), message, whatToDo: '' });
  }

  private forget(through: number): void {
    this.released = Math.max(this.released, through);
    this.outputs = this.outputs.filter((output) => output.index > through);
  }

  private show(through: number, untilMs = Infinity): void {
    while (this.outputs.length > 0) {
      const output = this.outputs[0];
      if (output === undefined || output.index > through) return;
      if (untilMs !== Infinity && (this.hooks.nowMs?.() ?? 0) > untilMs) return;
      this.outputs.shift();
      this.released = Math.max(this.released, output.index);
      this.hooks.show(output.index, output.content);
      const { write } = this.state;
      // The log may have said already how it ended.
      if (write?.output === output.index) this.writeDisk(write);
    }
  }

  private position(): Position {
    return {
      ...{ ticks: BigInt(this.state.tick), rip: BigInt(this.state.hash) },
      ...{ rcx: 0n, registers: 0n, exits: 0n },
    };
  }

  private virtualNs(): bigint {
    return BigInt(this.state.tick) * nsPerTick;
  }

  private need(mode: Mode): void {
    if (this.modeNow !== mode) {
      throw new MachineError('wrong-mode', `the machine is ${this.modeNow}, not ${mode}`);
    }
  }
}

function isControl(kind: GuestInput['kind']): boolean {
  return kind === 'power-off' || kind === 'guest-reset' || kind === 'cpu-share';
}

const pagesAtOnce = 3;
