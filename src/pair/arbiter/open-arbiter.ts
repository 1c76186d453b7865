import { constants } from 'node:fs';
import { isAbsolute } from 'node:path';

import type { Random } from '../../base/random.js';
import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { Disk } from '../../flow/world/disk.js';
import { openDisk } from '../../flow/world/open-disk.js';
import type { Arbiter } from './arbiter.js';
import { EtcdArbiter } from './etcd-arbiter.js';
import { parseEtcdUrl } from './etcd-url.js';
import { FileArbiter, prepareArbiterDirectory, requireArbiterDirectory } from './file-arbiter.js';
import { arbiterError, IscsiArbiter } from './iscsi-arbiter.js';

/** What for: to arbitrate, or only to look at what is there (nothing is written then, nor made). */
export type ArbiterUse = 'arbitrate' | 'read';

/**
 * The arbiter that a URL names, proved to serve:
 *
 *   file:/absolute/directory   a directory on storage that both hosts see; its last part is made if missing
 *   iscsi://host/target/lun    a LUN of a target with COMPARE AND WRITE, such as the guest's shared disk
 *   etcd://host,host/prefix    an etcd cluster that has a quorum (etcd-url.ts has the rest of the form)
 *
 * Rejects with `usage` for another URL, and as {@link Arbiter}'s methods do.
 */
export async function openArbiter(
  url: string,
  random: Random,
  use: ArbiterUse = 'arbitrate',
): Promise<Arbiter> {
  if (url.startsWith('file:')) return openFileArbiter(url, random, use);
  if (url.startsWith('iscsi:')) return openIscsiArbiter(url, random, use);
  if (url.startsWith('etcd:')) return openEtcdArbiter(url);
  throw new VmftError(
    'usage',
    `"${url}" does not name an arbiter`,
    'name one as file:/a/directory/that/both/hosts/see, iscsi://host/target/lun, or etcd://host,host,host',
  );
}

async function openFileArbiter(url: string, random: Random, use: ArbiterUse): Promise<Arbiter> {
  const directory = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  if (!isAbsolute(directory)) {
    throw new VmftError(
      'usage',
      `"${url}" does not name a directory`,
      'name it as file:/a/directory/that/both/hosts/see',
    );
  }
  if (use === 'arbitrate') await prepareArbiterDirectory(directory);
  else await requireArbiterDirectory(directory, constants.R_OK | constants.X_OK);
  return new FileArbiter(directory, random.uniqueName());
}

async function openIscsiArbiter(url: string, random: Random, use: ArbiterUse): Promise<Arbiter> {
  const options = {
    readOnly: use === 'read',
    claim: false,
    holding: 'shared',
    holder: random.uniqueName(),
    timeoutMs: limits.arbiterOpenMs,
  } as const;
  const open = (): Promise<Disk> => openDisk(url, options);
  let arbiter: IscsiArbiter;
  try {
    arbiter = new IscsiArbiter(await open(), open);
  } catch (thrown) {
    throw arbiterError(thrown);
  }
  try {
    if (use === 'arbitrate') await arbiter.prove();
    return arbiter;
  } catch (error) {
    arbiter.close();
    throw error;
  }
}

async function openEtcdArbiter(url: string): Promise<Arbiter> {
  const arbiter = new EtcdArbiter(parseEtcdUrl(url, process.env));
  try {
    await arbiter.open();
    return arbiter;
  } catch (error) {
    arbiter.close();
    throw error;
  }
}
