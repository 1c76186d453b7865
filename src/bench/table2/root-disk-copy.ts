import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rootImage = fileURLToPath(
  new URL('../../../../.cache/images/debian-root.img', import.meta.url),
);

/** Debian's root disk for one guest, which may write it. The copy takes the room of what is used of it. */
export class RootDiskCopy {
  private readonly folder = mkdtempSync(join(tmpdir(), 'vmft-bench-root-'));
  readonly path = join(this.folder, 'root.img');

  constructor() {
    copyFileSync(rootImage, this.path);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
