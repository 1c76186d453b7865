import type { GuestConfig, MachineEvents } from '../../../src/flow/machine/machine.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import type { StampedPairEvent } from '../../../src/pair/role/pair-event.js';
import type { SessionOptions } from '../../../src/pair/session/session.js';
import { FakeMachine } from '../../flow/machine/fake-machine.js';

/** Session options with a fake machine that runs by itself, and what comes of it. */
export class InProcess {
  readonly events: StampedPairEvent[] = [];
  readonly outputs: string[] = [];
  machine: FakeMachine | null = null;
  readonly options: SessionOptions;
  private readonly waiting = new Set<() => void>();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.machine?.step(20), 2);
    this.options = {
      clock: systemClock,
      random: systemRandom,
      build: 'test',
      accelerator: 'fake',
      replays: true,
      replication: 'auto',
      settings: {
        suspectAfterMs: 4_000,
        suspectAfterBrokenChannelMs: 300,
        brokenChannelPatienceMs: 400,
      },
      createMachine: (config: GuestConfig, events: MachineEvents) => {
        this.machine = new FakeMachine(config, events, {
          show: (_, content) => this.outputs.push(content),
          entropy: () => systemRandom.bytes(4).readUInt32LE(0),
        });
        return this.machine;
      },
      onEvent: (event) => {
        this.events.push(event);
        for (const look of [...this.waiting]) look();
      },
    };
  }

  async until<T extends StampedPairEvent['type']>(
    type: T,
  ): Promise<Extract<StampedPairEvent, { type: T }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${type}; seen: ${this.events.map((event) => event.type).join()}`));
      }, 10_000).unref();
      const look = (): void => {
        const found = this.events.find((event) => event.type === type);
        if (found === undefined) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(found as Extract<StampedPairEvent, { type: T }>);
      };
      this.waiting.add(look);
      look();
    });
  }

  close(): void {
    clearInterval(this.timer);
  }
}
