import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';

import { VmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';

const program = fileURLToPath(new URL('../../../build/Release/vmft_delay_line', import.meta.url));
const startMsMax = 10_000;
const prefixBits = 24;

/**
 * The logging network made as long as another one would be. netem of tc(8) would do it, but many kernels are built without; so a program of
 * ours carries the frames of host b's end, each a while later. A pair may be formed all the while: neither its connection nor its
 * heartbeats break when the cable is put in or taken out.
 *
 *     log0 ─ delaybr ─ delay0 ══ vmft_delay_line ══ delay1, which has host b's address
 */
export class ChannelDelay {
  private constructor(
    private readonly network: DemoNetwork,
    private readonly line: ChildProcess,
  ) {}

  /** With no delay but its own, some hundredths of a millisecond. Throws `namespace-unavailable`. */
  static async insert(network: DemoNetwork): Promise<ChannelDelay> {
    const { namespace, address } = network.b;
    namespace.ip(
      [
        'link add delaybr type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
        'tuntap add dev delay0 mode tap',
        'tuntap add dev delay1 mode tap',
        'link set delay0 master delaybr up',
        // Or the bridge itself would answer who looks for host b, and be found without the delay.
        'link set delaybr arp off up',
        'link set delay1 up',
      ].join('\n'),
    );
    const line = namespace.spawn([program, 'delay0', 'delay1'], ['pipe', 'pipe', 'inherit']);
    const delay = new ChannelDelay(network, line);
    try {
      await delay.ready();
      // First the new address, then not the old one: so that there always is one to send from.
      namespace.ip(
        [
          `addr add ${address}/${prefixBits} dev delay1`,
          `addr del ${address}/${prefixBits} dev log0`,
          'link set log0 master delaybr',
        ].join('\n'),
      );
      delay.forgetNeighbours();
    } catch (error) {
      await delay.remove();
      throw error;
    }
    return delay;
  }

  /** Of what is sent from now on: half of it each way. */
  setRoundTrip(roundTripMs: number): void {
    this.line.stdin?.write(`${Math.round((roundTripMs * 1e6) / 2)}\n`);
  }

  /** The network is as before. */
  async remove(): Promise<void> {
    const { namespace, address } = this.network.b;
    namespace.ip(
      [
        'link set log0 nomaster',
        `addr replace ${address}/${prefixBits} dev log0`,
        'link del delay1',
        'link del delay0',
        'link del delaybr',
      ].join('\n'),
    );
    this.forgetNeighbours();
    if (this.line.exitCode === null && this.line.signalCode === null) {
      this.line.kill('SIGKILL');
      await once(this.line, 'close');
    }
  }

  private async ready(): Promise<void> {
    const late = AbortSignal.timeout(startMsMax);
    const ended = once(this.line, 'exit', { signal: late }).then(() => {
      throw new VmftError('namespace-unavailable', 'the delay line of the logging network ended');
    });
    const said =
      this.line.stdout === null ? ended : once(this.line.stdout, 'data', { signal: late });
    await Promise.race([said, ended]);
  }

  private forgetNeighbours(): void {
    this.network.a.namespace.ip('neigh flush dev log0');
  }
}
