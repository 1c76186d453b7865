import { DemoNetwork, tapName, type DemoHost } from '../../src/cli/demo/demo-network.js';
import type { LabNic } from './qemu-command.js';

/** Between log0 of a host's namespace and the machine in it. */
const logBridge = 'br1';
const logTap = 'log1';
const guestMac = (label: string): string => `52:54:00:00:00:0${label === 'a' ? 1 : 2}`;
const logMac = (label: string): string => `52:54:00:00:01:0${label === 'a' ? 1 : 2}`;

/**
 * The demo's network, with a machine where the demo has a vmft:
 *
 *     namespace of host a
 *     eth0 of the machine ─ tap0 ─ br0 ─ guest0 ══ the guests' switch, with the client
 *     eth1 of the machine ─ log1 ─ br1 ─ log0   ══ the log's switch
 *
 * Inside, provision.sh puts the vmft's own tap0 on a bridge with eth0.
 */
export class LabNetwork {
  private constructor(readonly demo: DemoNetwork) {}

  static async create(): Promise<LabNetwork> {
    const demo = await DemoNetwork.create();
    for (const { namespace } of [demo.a, demo.b]) {
      namespace.ip(
        [
          'addr flush dev log0',
          `link add ${logBridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
          `tuntap add dev ${logTap} mode tap`,
          `link set ${logTap} master ${logBridge} up`,
          `link set log0 master ${logBridge} up`,
          `link set ${logBridge} up`,
        ].join('\n'),
      );
    }
    return new LabNetwork(demo);
  }

  close(): void {
    this.demo.close();
  }
}

/** On the guests' network, and on the log's. */
export function nicsOf({ label }: DemoHost): LabNic[] {
  const tap = (name: string): string => `tap,ifname=${name},script=no,downscript=no`;
  return [
    { netdev: tap(tapName), mac: guestMac(label) },
    { netdev: tap(logTap), mac: logMac(label) },
  ];
}

/** For provision.sh. */
export function settingsOf({ label, address }: DemoHost): Record<string, string> {
  return { guest_mac: guestMac(label), log_mac: logMac(label), log_address: `${address}/24` };
}
