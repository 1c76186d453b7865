import { isAbsolute } from 'node:path';

import type { Random } from '../../base/random.js';
import { VmftError } from '../../base/errors.js';
import type { Arbiter } from './arbiter.js';
import { EtcdArbiter } from './etcd-arbiter.js';
import { parseEtcdUrl } from './etcd-url.js';
import { FileArbiter, prepareArbiterDirectory } from './file-arbiter.js';

/**
 * The arbiter that a URL names, proved to serve:
 *
 *   file:/absolute/directory   a directory on storage that both hosts see; its last part is made if missing
 *   etcd://host,host/prefix    an etcd cluster that has a quorum (etcd-url.ts has the rest of the form)
 *
 * Rejects with `usage` for another URL, and as {@link Arbiter}'s methods do.
 */
export async function openArbiter(url: string, random: Random): Promise<Arbiter> {
  if (url.startsWith('file:')) return openFileArbiter(url, random);
  if (url.startsWith('etcd:')) return openEtcdArbiter(url);
  throw new VmftError(
    'usage',
    `"${url}" does not name an arbiter`,
    'name one as file:/a/directory/that/both/hosts/see, or etcd://host,host,host',
  );
}

async function openFileArbiter(url: string, random: Random): Promise<Arbiter> {
  const directory = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  if (!isAbsolute(directory)) {
    throw new VmftError(
      'usage',
      `"${url}" does not name a directory`,
      'name it as file:/a/directory/that/both/hosts/see',
    );
  }
  await prepareArbiterDirectory(directory);
  return new FileArbiter(directory, random.uniqueName());
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
