import type { ServiceError } from '@grpc/grpc-js';

import { asVmftError, VmftError } from '../../base/errors.js';
import { hostTimes } from '../../base/limits.js';
import type { HostedMachine, MachineHouse } from '../machine/hosted-machine.js';
import type { TakeIn } from '../machine/take-in.js';
import { handOver, moveBackup, movePrimary } from '../operation/move.js';
import { protect, unprotect } from '../operation/protect.js';
import { noProgress, type OperationPlace } from '../operation/step.js';
import type { Peers } from '../peers/peers.js';
import { machineStatuses } from '../status/machine-status.js';
import type { Asking, ConsoleStream, HostApi } from './api-server.js';
import type { CallOptions, HostClient } from './host-client.js';
import { locateMachine } from './locate.js';
import {
  hostMethods,
  type ApiMethod,
  type HostDescription,
  type Message,
  type OperationProgress,
} from './methods.js';

type Tell = (progress: OperationProgress) => void;

/** What a daemon does when it is asked: here, or by passing it on to the host that has the machine live. */
export class DaemonApi implements HostApi {
  constructor(
    private readonly house: MachineHouse,
    private readonly machines: ReadonlyMap<string, HostedMachine>,
    private readonly peers: Peers,
    private readonly takeIn: TakeIn,
  ) {}

  async start(request: Message<'StartRequest'>, asking: Asking): Promise<Message<'StartReply'>> {
    const { host } = request;
    if (host !== '' && host !== this.here) {
      return this.peer(host).call(hostMethods.start, request, passedOn(asking));
    }
    const knower = host === '' && !asking.passedOn ? await this.whoKnows(request.spec) : null;
    if (knower !== null) return knower.call(hostMethods.start, request, passedOn(asking));
    const machine = await this.takeIn.start(request, asking.by);
    return { machineId: machine.spec.machineId, host: this.here };
  }

  async stop(request: Message<'StopRequest'>, asking: Asking): Promise<void> {
    const { name, hard } = request;
    const what = hard ? 'power off' : 'power button';
    await this.atOwner(name, asking, {
      here: (machine) =>
        this.alone(machine, what, asking, async () => {
          if (machine.role === 'lost') {
            machine.giveUp();
            return;
          }
          await liveProcess(machine).control.control(hard ? 'power-off' : 'power-button');
          if (hard) await machine.until(() => !machine.live, hostTimes.handOverMs);
        }),
      there: async (client, options) => {
        await client.call(hostMethods.stop, request, options);
      },
    });
  }

  async reset(request: Message<'ResetRequest'>, asking: Asking): Promise<void> {
    await this.atOwner(request.name, asking, {
      here: (machine) =>
        this.alone(machine, 'reset', asking, () => liveProcess(machine).control.control('reset')),
      there: async (client, options) => {
        await client.call(hostMethods.reset, request, options);
      },
    });
  }

  async set(request: Message<'SetRequest'>, asking: Asking): Promise<void> {
    const { name, cpuSharePermille } = request;
    if (cpuSharePermille < 10 || cpuSharePermille > 1000) {
      throw new VmftError('usage', 'a CPU share is 10 to 1000 permille');
    }
    await this.atOwner(name, asking, {
      here: (machine) =>
        this.alone(machine, 'set', asking, () =>
          liveProcess(machine).control.control('cpu-share', cpuSharePermille),
        ),
      there: async (client, options) => {
        await client.call(hostMethods.set, request, options);
      },
    });
  }

  protect(request: Message<'ProtectRequest'>, asking: Asking, tell: Tell): Promise<void> {
    return this.operate(hostMethods.protect, request, 'protect', asking, tell, (place) =>
      protect(place, request.host),
    );
  }

  unprotect(request: Message<'UnprotectRequest'>, asking: Asking, tell: Tell): Promise<void> {
    return this.operate(hostMethods.unprotect, request, 'unprotect', asking, tell, unprotect);
  }

  failover(request: Message<'FailoverRequest'>, asking: Asking, tell: Tell): Promise<void> {
    return this.operate(hostMethods.failover, request, 'failover', asking, tell, handOver);
  }

  move(request: Message<'MoveRequest'>, asking: Asking, tell: Tell): Promise<void> {
    const { replica, to } = request;
    if (replica !== 'primary' && replica !== 'backup') {
      throw new VmftError('usage', `"${replica}" is no replica: primary or backup`);
    }
    const move = replica === 'primary' ? movePrimary : moveBackup;
    const what = `move of the ${replica} to ${to}`;
    return this.operate(hostMethods.move, request, what, asking, tell, (place) =>
      move(place, this.house.self(), to),
    );
  }

  snapshot(request: Message<'SnapshotRequest'>, asking: Asking, tell: Tell): Promise<void> {
    const { path } = request;
    return this.operate(hostMethods.snapshot, request, 'snapshot', asking, tell, (place) =>
      liveProcess(place.machine).control.snapshot(path, (progress) => {
        const { writtenBytes, leftBytes, pauseMs } = progress;
        const step = `snapshot to ${path} on host ${this.here}`;
        place.tell({ step, sentBytes: writtenBytes, leftBytes, pauseMs });
      }),
    );
  }

  async status(
    { name, thisHostOnly }: Message<'StatusRequest'>,
    asking: Asking,
  ): Promise<Message<'StatusReply'>> {
    const others = thisHostOnly || asking.passedOn ? [] : await this.peers.describeAll();
    const hosts = [this.house.self(), ...others];
    const machines = machineStatuses(hosts).filter((each) => name === '' || each.name === name);
    return { hosts, machines };
  }

  async console(name: string, asking: Asking, stream: ConsoleStream): Promise<void> {
    await this.atOwner(name, asking, {
      here: (machine) => showConsole(machine, stream),
      there: (client, options) => passConsoleOn(client, name, options, stream),
    });
  }

  describe(): HostDescription {
    return this.house.self();
  }

  async startBackup(request: Message<'StartBackupRequest'>): Promise<Message<'StartBackupReply'>> {
    const machine = await this.takeIn.startBackup(request);
    return { replica: machine.record.replicaId };
  }

  async stopBackup({ name, machineId, why }: Message<'StopBackupRequest'>): Promise<void> {
    const machine = this.machines.get(name);
    if (machine === undefined || machine.spec.machineId !== machineId) return;
    if (machine.live) {
      throw new VmftError(
        'host-refused',
        `machine ${name} is live on host ${this.here}: it has no backup here`,
      );
    }
    await machine.leave(why);
  }

  private get here(): string {
    return this.house.config.name;
  }

  private operate<Request extends { readonly name: string }>(
    method: ApiMethod<Request, OperationProgress>,
    request: Request,
    what: string,
    asking: Asking,
    tell: Tell,
    work: (place: OperationPlace) => Promise<void>,
  ): Promise<void> {
    return this.atOwner(request.name, asking, {
      here: (machine) =>
        this.alone(machine, what, asking, async () => {
          liveProcess(machine);
          await work({
            host: this.here,
            machine,
            peers: this.peers,
            tell: (progress) => {
              tell({ ...noProgress, ...progress });
            },
          });
          tell({ ...noProgress, step: `${what}: done`, done: true });
        }),
      there: (client, options) => client.stream(method, request, tell, options),
    });
  }

  /** As the machine's only operation. */
  private async alone<T>(
    machine: HostedMachine,
    what: string,
    { by }: Asking,
    work: () => Promise<T>,
  ): Promise<T> {
    const { name } = machine;
    const { log, operations } = this.house;
    try {
      return await operations.during(name, { what, askedBy: by }, async () => {
        log.info({ machine: name, what, by }, 'operation begins');
        const result = await work();
        log.info({ machine: name, what, by }, 'operation done');
        return result;
      });
    } catch (thrown) {
      const { message } = asVmftError(thrown);
      log.warn({ machine: name, what, by, error: message }, 'operation failed');
      throw thrown;
    }
  }

  /** Does it here if the machine is live here, else asks the host where it is. */
  private async atOwner<T>(
    name: string,
    asking: Asking,
    ways: {
      readonly here: (machine: HostedMachine) => Promise<T>;
      readonly there: (client: HostClient, options: CallOptions) => Promise<T>;
    },
  ): Promise<T> {
    const machine = this.machines.get(name);
    if (machine?.live === true) return ways.here(machine);
    const untilMs = this.house.clock.nowMs() + hostTimes.locateMs;
    for (;;) {
      const others = asking.passedOn ? [] : await this.peers.describeAll();
      const located = locateMachine(name, this.house.self(), others);
      switch (located.at) {
        case 'here': {
          const found = this.machines.get(name);
          if (found !== undefined) return ways.here(found);
          break;
        }
        case 'host':
          return ways.there(this.peer(located.host), passedOn(asking));
        case 'nowhere':
          throw located.error;
        case 'soon':
          break;
      }
      if (this.house.clock.nowMs() >= untilMs) throw notLive(name, 'is live nowhere at the moment');
      await new Promise<void>((resolve) => {
        this.house.clock.after(hostTimes.progressMs, resolve);
      });
    }
  }

  /** A machine that is only named is started where it is still known; null: here. */
  private async whoKnows(spec: Message<'MachineSpec'> | null): Promise<HostClient | null> {
    const isNamedOnly =
      spec?.guest === null ||
      spec?.guest === undefined ||
      `${spec.guest.built}${spec.guest.kernel}` === '';
    if (spec === null || !isNamedOnly || this.machines.has(spec.name)) return null;
    const others = await this.peers.describeAll();
    const located = locateMachine(spec.name, this.house.self(), others);
    return located.at === 'host' ? this.peer(located.host) : null;
  }

  private peer(host: string): HostClient {
    const client = this.peers.client(host);
    if (client !== null) return client;
    throw new VmftError(
      'usage',
      `"${host}" is no host of this cluster`,
      'vmft status lists the hosts',
    );
  }
}

function passedOn({ by }: Asking): CallOptions {
  return { passedOnFor: by };
}

/** Throws `machine-not-live`, saying what it is instead. */
function liveProcess(machine: HostedMachine): HostedMachine['process'] {
  if (machine.live) return machine.process;
  const { trouble } = machine.describe();
  throw notLive(machine.name, `is ${machine.role}${trouble === '' ? '' : ` (${trouble})`}`);
}

function notLive(name: string, what: string): VmftError {
  return new VmftError('machine-not-live', `machine ${name} ${what}`, 'vmft status shows more');
}

/** Resolves when the machine's console, or whoever looks at it, is gone. */
function showConsole(machine: HostedMachine, stream: ConsoleStream): Promise<void> {
  const { control } = liveProcess(machine);
  return new Promise((resolve, reject) => {
    const console = control.console(
      (bytes) => {
        stream.output(bytes);
      },
      (error) => {
        if (error === null) resolve();
        else reject(error);
      },
    );
    stream.onInput((bytes) => {
      if (bytes !== null) {
        console.write(Buffer.from(bytes));
        return;
      }
      console.close();
      resolve();
    });
  });
}

function passConsoleOn(
  client: HostClient,
  name: string,
  options: CallOptions,
  stream: ConsoleStream,
): Promise<void> {
  const call = client.console(options);
  call.write({ name, data: Buffer.alloc(0) });
  return new Promise((resolve, reject) => {
    call.on('data', ({ data }: Message<'ConsoleOutput'>) => {
      stream.output(data);
    });
    call.on('error', (error: ServiceError) => {
      reject(client.named(error));
    });
    call.on('end', () => {
      setImmediate(resolve);
    });
    stream.onInput((bytes) => {
      if (bytes !== null) call.write({ name: '', data: bytes });
      else call.cancel();
    });
  });
}
