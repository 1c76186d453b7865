/**
 * Debian packages as files: fetched with apt-get and unpacked with dpkg-deb into a folder
 * of ours, never installed. Needs no root: where the system's package lists cannot be
 * updated, private ones are kept in the cache folder.
 */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A failure of the environment: shown as one line, without a stack. */
export class ImageError extends Error {}

/**
 * @typedef {object} DebianArchive
 * @property {string} codename as "bookworm"
 * @property {string[]} sources lines of a sources.list, updates and security included
 * @property {string[]} options lines of an apt.conf
 */

export class PackageSource {
  #cacheFolder;
  #privateLists = false;
  #updated = false;

  /** @param {string} cacheFolder where downloads and, without root, package lists are kept */
  constructor(cacheFolder) {
    this.#cacheFolder = cacheFolder;
  }

  /** The one package that `metapackage` depends on, as linux-image-cloud-amd64 → linux-image-6.1.0-N-cloud-amd64. */
  resolveMetapackage(metapackage, namePrefix) {
    return this.#withLists(() => {
      const text = this.#apt('apt-cache', ['depends', '--important', metapackage]);
      const match = new RegExp(`Depends: (${namePrefix}\\S+)`).exec(text);
      if (match === null) throw new Error(`${metapackage} names no ${namePrefix}… package`);
      return match[1];
    });
  }

  /**
   * Downloads what is not in the cache yet.
   * @param {string[]} names
   * @returns {Map<string, string>} path of the .deb by package name
   */
  download(names) {
    const folder = join(this.#cacheFolder, 'packages');
    mkdirSync(folder, { recursive: true });
    return this.#withLists(() => {
      const files = new Map();
      const missing = [];
      for (const { name, file, sizeBytes } of this.#listDownloads(names)) {
        const path = join(folder, file);
        files.set(name, path);
        if (!existsSync(path) || statSync(path).size !== sizeBytes) missing.push(name);
      }
      if (missing.length > 0) {
        const options = ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...missing];
        this.#apt('apt-get', options, folder);
      }
      for (const [name, path] of files) {
        if (!existsSync(path)) throw new Error(`apt-get download left no file for ${name}`);
      }
      return files;
    });
  }

  /** Unpacks a .deb's files beside it, once. @returns {string} the folder */
  unpack(debPath) {
    const folder = debPath.replace(/\.deb$/, '');
    if (!existsSync(folder)) {
      const partial = `${folder}.${process.pid}.tmp`;
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial);
      execFileSync('dpkg-deb', ['-x', debPath, partial], { stdio: 'pipe' });
      renameSync(partial, folder);
    }
    return folder;
  }

  /**
   * Downloads what a Debian package is made from, as its authors published it. Sources have lists of their own, since few
   * hosts have them.
   * @param {string} name of the source package
   * @returns {string} path of the archive, NAME_VERSION.orig.tar.*
   */
  downloadSource(name) {
    const folder = join(this.#cacheFolder, 'sources', name);
    const lists = join(this.#cacheFolder, 'sources', 'lists');
    mkdirSync(join(lists, 'partial'), { recursive: true });
    const archive = this.debianArchive();
    const sourceList = join(this.#cacheFolder, 'sources', 'sources.list');
    writeFileSync(
      sourceList,
      archive.sources.map((line) => `${line.replace(/^deb /, 'deb-src ')}\n`).join(''),
    );
    const options = [
      ...['-q', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Etc::sourcelist=${sourceList}`],
      ...['-o', 'Dir::Etc::sourceparts=-', '-o', 'APT::Sandbox::User=root'],
    ];
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    try {
      this.#apt('apt-get', [...options, 'update']);
      this.#apt(
        'apt-get',
        [...options, 'source', '--download-only', '--only-source', name],
        folder,
      );
    } catch (error) {
      throw asImageError(error);
    }
    const original = readdirSync(folder).find((file) => /\.orig\.tar\.[^.]+$/.test(file));
    if (original === undefined)
      throw new ImageError(`the source package ${name} has no archive of its authors'`);
    return join(folder, original);
  }

  /**
   * Where this host's apt finds Debian, for a tool that makes a Debian tree.
   * @returns {DebianArchive}
   */
  debianArchive() {
    return this.#withLists(() => {
      const format = '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)';
      const text = this.#apt('apt-get', [
        'indextargets',
        '--format',
        format,
        'Created-By: Packages',
      ]);
      const targets = text.split('\n').map((line) => line.split('|'));
      const debian = targets.filter(([origin]) => origin === 'Debian');
      const codename = debian.map((target) => target[1]).find((name) => !name.includes('-'));
      if (codename === undefined) throw new Error('apt has no lists of a Debian release');
      const sources = debian
        .filter((target) => target[1].split('-')[0] === codename)
        .map(([, , uri, release, component]) => `deb ${uri} ${release} ${component}`);
      return { codename, sources: [...new Set(sources)], options: this.#networkOptions() };
    });
  }

  /** Of apt's configuration, what decides how and whether an archive can be used from here. */
  #networkOptions() {
    const lines = this.#apt('apt-config', ['dump', '--no-empty', 'Acquire']).split('\n');
    const wanted = /^Acquire::(https?::|Check-Valid-Until|Check-Date|Retries|ForceIPv)/;
    return ['Acquire::Languages "none";', ...lines.filter((line) => wanted.test(line))];
  }

  #listDownloads(names) {
    const text = this.#apt('apt-get', ['download', '--print-uris', ...names]);
    const downloads = [];
    for (const match of text.matchAll(/^'[^']*' (\S+) (\d+)/gm)) {
      downloads.push({ name: match[1].split('_')[0], file: match[1], sizeBytes: Number(match[2]) });
    }
    if (downloads.length !== new Set(names).size) {
      throw new Error(`apt-get knows ${downloads.length} of ${names.join(', ')}`);
    }
    return downloads;
  }

  /** Runs `action`; when it fails, package lists may be missing or stale, so update them once and try again. */
  #withLists(action) {
    try {
      return action();
    } catch (firstError) {
      if (this.#updated) throw asImageError(firstError);
    }
    this.#update();
    try {
      return action();
    } catch (error) {
      throw asImageError(error);
    }
  }

  #update() {
    this.#updated = true;
    this.#privateLists = process.getuid?.() !== 0;
    try {
      this.#apt('apt-get', ['-q', 'update']);
    } catch (error) {
      throw asImageError(error);
    }
  }

  #apt(program, options, folder = this.#cacheFolder) {
    return execFileSync(program, [...this.#listOptions(), ...options], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  #listOptions() {
    if (!this.#privateLists) return [];
    const state = join(this.#cacheFolder, 'apt', 'state');
    const cache = join(this.#cacheFolder, 'apt', 'cache');
    mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
    return [
      ...['-o', `Dir::State=${state}`],
      ...['-o', 'Dir::State::status=/var/lib/dpkg/status'],
      ...['-o', `Dir::Cache=${cache}`],
      ...['-o', 'Debug::NoLocking=1'],
    ];
  }
}

function asImageError(error) {
  if (error?.code === 'ENOENT') {
    return new ImageError(
      `${error.path ?? 'apt-get'} is not here: the guest images are made from Debian packages, so build them on ` +
        'Debian, or copy .cache/images from a host that has them',
    );
  }
  const detail = String(error?.stderr || error?.message || error);
  const lines = detail.split('\n').filter((line) => line !== '' && !line.startsWith('W:'));
  return new ImageError(`cannot fetch Debian packages for the guest images: ${lines[0] ?? detail}`);
}
