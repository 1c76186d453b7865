/**
 * A writer for the cpio "newc" format, which Linux unpacks as an initramfs
 * (kernel documentation, driver-api/early-userspace/buffer-format).
 *
 * Written here because the archive has to be the same bytes on every host: entries are
 * sorted, owned by root and dated 0, and a device node needs no privilege.
 */

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** Entries by path (relative, without a leading slash); parent directories are added by `encode`. */
export class CpioArchive {
  #entries = new Map();

  /** @param {string} path @param {Buffer} data @param {number} permissions */
  addFile(path, data, permissions = 0o644) {
    this.#add(path, { mode: S_IFREG | permissions, data });
  }

  /** @param {string} path @param {string} target */
  addSymlink(path, target) {
    this.#add(path, { mode: S_IFLNK | 0o777, data: Buffer.from(target) });
  }

  /** @param {string} path @param {number} permissions */
  addDirectory(path, permissions = 0o755) {
    this.#add(path, { mode: S_IFDIR | permissions, data: Buffer.alloc(0) });
  }

  /** @param {string} path @param {number} major @param {number} minor */
  addCharacterDevice(path, major, minor, permissions = 0o600) {
    this.#add(path, { mode: S_IFCHR | permissions, data: Buffer.alloc(0), major, minor });
  }

  has(path) {
    return this.#entries.has(path);
  }

  /** @returns {Buffer} the archive, ending with its trailer and padded to 512 bytes */
  encode() {
    this.#addParents();
    const chunks = [];
    let inode = 1;
    for (const path of [...this.#entries.keys()].sort()) {
      chunks.push(encodeEntry(path, this.#entries.get(path), inode++));
    }
    chunks.push(encodeEntry('TRAILER!!!', { mode: 0, data: Buffer.alloc(0) }, 0));
    const bytes = Buffer.concat(chunks);
    return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
  }

  #add(path, entry) {
    if (path.startsWith('/') || path === '') throw new Error(`cpio: bad path '${path}'`);
    if (this.#entries.has(path)) throw new Error(`cpio: '${path}' added twice`);
    this.#entries.set(path, entry);
  }

  #addParents() {
    for (const path of [...this.#entries.keys()]) {
      const parts = path.split('/');
      for (let length = 1; length < parts.length; length++) {
        const parent = parts.slice(0, length).join('/');
        if (!this.#entries.has(parent)) this.addDirectory(parent);
      }
    }
  }
}

function encodeEntry(path, entry, inode) {
  const name = Buffer.from(`${path}\0`);
  const linkCount = (entry.mode & S_IFDIR) === S_IFDIR ? 2 : 1;
  const fields = [
    inode,
    entry.mode,
    0, // uid
    0, // gid
    linkCount,
    0, // mtime
    entry.data.length,
    0, // device major
    0, // device minor
    entry.major ?? 0,
    entry.minor ?? 0,
    name.length,
    0, // checksum, unused by newc
  ];
  const header = Buffer.from(
    `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`,
  );
  return Buffer.concat([pad4(Buffer.concat([header, name])), pad4(entry.data)]);
}

function pad4(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
