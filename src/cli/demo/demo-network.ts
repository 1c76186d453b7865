import { VmftError } from '../../base/errors.js';
import { NetworkNamespace } from './network-namespace.js';
import { startInNamespace, type VmftChild } from './vmft-child.js';

/**
 * Two hosts, or up to eight, and a client on a switch, and a network between the hosts for the log:
 *
 *     host a                     switch                      host b
 *     tap0 ─ br0 ─ guest0 ══ guest-a ─ [guest] ─ guest-b ══ guest0 ─ br0 ─ tap0
 *                   log0  ══ log-a ─── [log] ─── log-b   ══ log0
 *                                      [guest] ─ client ══ eth0   client
 *
 * ══ is a veth pair between two namespaces, [ ] a bridge. Must run in namespaces of our own (enter-namespaces.ts).
 */
export interface DemoHost {
  /** a, b, c …, in this order. */
  readonly label: string;
  readonly namespace: NetworkNamespace;
  /** On the logging network. */
  readonly address: string;
  /** Starts a `vmft` with these words on this host. */
  readonly start: (command: readonly string[]) => VmftChild;
}

/** Where a pair finds its hosts, and the client its guest. */
export interface DemoPlace {
  readonly a: DemoHost;
  readonly client: NetworkNamespace;
  other(host: DemoHost): DemoHost;
}

/** Of the one guest that most have; several have tap1, tap2 … too (addTap). */
export const tapName = tapNameOf(0);
export const guestAddress = guestAddressOf(0);
export const guestPrefixBits = 24;
export const counterPort = 7000;
const clientAddress = '10.0.0.100';
/** The switch's own on the logging network: for servers of storage, which this process starts. */
export const storageAddress = '10.0.1.254';
const bridgeOptions = 'type bridge stp_state 0 forward_delay 0 mcast_snooping 0';

export class DemoNetwork implements DemoPlace {
  readonly a: DemoHost;
  readonly b: DemoHost;

  private constructor(
    private readonly hub: NetworkNamespace,
    readonly hosts: readonly DemoHost[],
    readonly client: NetworkNamespace,
  ) {
    const [a, b] = hosts;
    if (a === undefined || b === undefined) throw new VmftError('internal', 'bug: too few hosts');
    this.a = a;
    this.b = b;
  }

  static async create(hostCount = 2): Promise<DemoNetwork> {
    const hub = NetworkNamespace.here('the switch');
    hub.ip(
      [
        'link set lo up',
        `link add guest ${bridgeOptions}`,
        `link add log ${bridgeOptions}`,
        'link set guest up',
        'link set log up',
        `addr add ${storageAddress}/24 dev log`,
      ].join('\n'),
    );
    const hosts: DemoHost[] = [];
    for (let number = 0; number < hostCount; number += 1) hosts.push(await makeHost(hub, number));
    const client = await NetworkNamespace.create('the client');
    hub.ip(
      [
        `link add client type veth peer name eth0 netns ${client.pid}`,
        'link set client master guest up',
      ].join('\n'),
    );
    client.ip(
      [
        'link set lo up',
        `addr add ${clientAddress}/${guestPrefixBits} dev eth0`,
        'link set eth0 up',
      ].join('\n'),
    );
    return new DemoNetwork(hub, hosts, client);
  }

  /** Of two hosts. */
  other(host: DemoHost): DemoHost {
    return host.label === this.a.label ? this.b : this.a;
  }

  /** Pulls the cable of the logging network, or puts it back. */
  setLogging(up: boolean): void {
    this.hub.ip(`link set log-a ${up ? 'up' : 'down'}`);
    // Who was looked for in vain is not to stay unreachable for a second more.
    if (up) this.forgetNeighbours();
  }

  /** Pulls all cables of a host, or puts them back. */
  setPlugged({ label }: DemoHost, plugged: boolean): void {
    const state = plugged ? 'up' : 'down';
    this.hub.ip(`link set guest-${label} ${state}\nlink set log-${label} ${state}`);
    if (plugged) this.forgetNeighbours();
  }

  /** The two hosts see each other on the logging network, or only what else is there: storage. */
  setHostsSeeEachOther(seen: boolean): void {
    const isolated = `type bridge_slave isolated ${seen ? 'off' : 'on'}`;
    this.hub.ip(this.hosts.map(({ label }) => `link set log-${label} ${isolated}`).join('\n'));
  }

  /** On each host, for a further guest: number 1, 2 … */
  addTap(number: number): void {
    const tap = tapNameOf(number);
    for (const { namespace } of this.hosts) {
      namespace.ip(`tuntap add dev ${tap} mode tap\nlink set ${tap} master br0 up`);
    }
  }

  removeTap(number: number): void {
    for (const { namespace } of this.hosts) namespace.ip(`link del ${tapNameOf(number)}`);
  }

  close(): void {
    for (const { namespace } of this.hosts) namespace.close();
    this.client.close();
  }

  private forgetNeighbours(): void {
    for (const { namespace } of this.hosts) namespace.ip('neigh flush dev log0');
  }
}

export function tapNameOf(guestNumber: number): string {
  return `tap${guestNumber}`;
}

export function guestAddressOf(guestNumber: number): string {
  return `10.0.0.${2 + guestNumber}`;
}

async function makeHost(hub: NetworkNamespace, number: number): Promise<DemoHost> {
  const label = 'abcdefgh'.charAt(number);
  const namespace = await NetworkNamespace.create(`host ${label}`);
  const address = `10.0.1.${number + 1}`;
  hub.ip(
    [
      `link add guest-${label} type veth peer name guest0 netns ${namespace.pid}`,
      `link add log-${label} type veth peer name log0 netns ${namespace.pid}`,
      `link set guest-${label} master guest up`,
      `link set log-${label} master log up`,
    ].join('\n'),
  );
  namespace.ip(
    [
      'link set lo up',
      `link add br0 ${bridgeOptions}`,
      `tuntap add dev ${tapName} mode tap`,
      `link set ${tapName} master br0 up`,
      'link set guest0 master br0 up',
      'link set br0 up',
      `addr add ${address}/24 dev log0`,
      'link set log0 up',
    ].join('\n'),
  );
  const start = (command: readonly string[]): VmftChild => startInNamespace(namespace, command);
  return { label, namespace, address, start };
}
