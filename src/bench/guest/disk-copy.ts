import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { imagesFolder } from '../../cli/project-paths.js';

/** An image of .cache/images for one guest, which may write it. */
export class DiskCopy {
  private readonly folder: string;
  readonly path: string;

  /**
   * Its holes stay holes; where the file system can, the copy takes only the room of what is changed.
   * @param image without `.img`
   * @throws `disk-unusable` when it is not there, or there is no room for the copy
   */
  constructor(image: string) {
    const from = join(imagesFolder, `${image}.img`);
    if (!existsSync(from))
      throw new VmftError('disk-unusable', `there is no ${from}`, "'npm run bench' makes it");
    this.folder = mkdtempSync(join(tmpdir(), 'vmft-bench-disk-'));
    this.path = join(this.folder, `${image}.img`);
    // Node's own copy fills the holes.
    const options = ['--sparse=always', '--reflink=auto', from, this.path];
    const { status, stderr } = spawnSync('cp', options, { encoding: 'utf8' });
    if (status !== 0) {
      this.remove();
      throw new VmftError('disk-unusable', `${from} cannot be copied: ${stderr.trim()}`);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
