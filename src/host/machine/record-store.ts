import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { removeFile, replaceFile, unfinishedSuffix } from './atomic-file.js';
import { machineRecordSchema, type MachineRecord } from './machine-record.js';

/**
 * The records of this host's machines, one file of JSON each:
 *
 *     STATE/machines/NAME.json
 */
export class RecordStore {
  private constructor(private readonly folder: string) {}

  /** Makes what is missing. Throws `config-unusable`. */
  static open(state: string): RecordStore {
    const folder = join(state, 'machines');
    makeStateFolder(folder);
    return new RecordStore(folder);
  }

  /** All that are whole. A damaged one is set aside, named in `damaged`, and not read again. */
  load(): { readonly records: MachineRecord[]; readonly damaged: string[] } {
    const records: MachineRecord[] = [];
    const damaged: string[] = [];
    for (const file of readdirSync(this.folder).sort()) {
      const path = join(this.folder, file);
      if (file.endsWith(unfinishedSuffix)) rmSync(path, { force: true });
      if (!file.endsWith('.json')) continue;
      const record = decodeRecord(readFileSync(path, 'utf8'));
      if (record !== null && `${record.spec.name}.json` === file) {
        records.push(record);
        continue;
      }
      renameSync(path, `${path}.damaged`);
      damaged.push(`${path}.damaged`);
    }
    return { records, damaged };
  }

  /** Durable when it returns. */
  save(record: MachineRecord): void {
    replaceFile(this.path(record.spec.name), `${JSON.stringify(record, null, 1)}\n`);
  }

  remove(name: string): void {
    removeFile(this.path(name));
  }

  private path(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}

/** Total: null for anything that is no whole record. */
export function decodeRecord(text: string): MachineRecord | null {
  try {
    const parsed = machineRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Only its owner may look: specs may hold passwords of storage. Throws `config-unusable`. */
export function makeStateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as { code?: string };
    throw new VmftError(
      'config-unusable',
      `cannot make the folder ${path} (${code ?? String(error)})`,
      'name another folder as state, or start the daemon as a user that may write there',
      error,
    );
  }
}
