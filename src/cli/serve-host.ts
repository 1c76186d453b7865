import { createLogger } from '../base/logger.js';
import { asVmftError } from '../base/errors.js';
import { systemClock } from '../flow/world/system-clock.js';
import { systemRandom } from '../flow/world/system-random.js';
import { isLoopback, readHostConfig } from '../host/config.js';
import { runHost } from '../host/daemon.js';
import { buildIdentity } from './build-identity.js';
import { certificateNotice } from './host-check.js';
import { mainScript } from './project-paths.js';
import { newGuestCpu } from './usable-kvm.js';

/** Runs this host's daemon until a signal ends it; its replicas go on. */
export async function serveHost(configFile: string): Promise<void> {
  const config = readHostConfig(configFile);
  const log = createLogger('info');
  if (config.tls === null && !isLoopback(config.listen.host)) {
    log.warn('insecure: whoever reaches this host may operate its machines, and read their memory');
  }
  const notice = certificateNotice(config);
  if (notice !== null) log.warn(notice);
  const daemon = await runHost(config, {
    command: [process.execPath, mainScript],
    build: buildIdentity(),
    accelerators: usableAccelerators(),
    clock: systemClock,
    random: systemRandom,
    log,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'the daemon ends; its replicas go on');
      void daemon.close().then(() => process.exit(0));
    });
  }
}

/** `kvm` where guests can be run by it, with a performance counter or without. */
function usableAccelerators(): string[] {
  try {
    newGuestCpu({ name: 'kvm', counter: { kind: 'perf', skid: 0, randomSeed: 1 } });
    return ['soft', 'kvm'];
  } catch (thrown) {
    if (asVmftError(thrown).code !== 'accelerator-unavailable') throw thrown;
    return ['soft'];
  }
}
