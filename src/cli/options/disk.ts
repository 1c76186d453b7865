import { resolve } from 'node:path';

import { InvalidArgumentError, Option, type Command } from 'commander';

import { limits } from '../../base/limits.js';

/** `--disk URL[,private|shared][,readonly][,serial=TEXT]`. */
export interface DiskOption {
  /** A path in it is absolute. */
  readonly url: string;
  readonly holding: 'shared' | 'private';
  readonly readOnly: boolean;
  /** Null: named after its place among the guest's disks. */
  readonly serial: string | null;
}

export interface DiskOptions {
  readonly disk?: readonly DiskOption[];
  readonly diskReads?: 'log' | 'backup';
}

/** Of a backup: it says only where its disks are. */
export interface BackupDiskOptions {
  readonly disk?: readonly string[];
}

export function addDiskOptions(command: Command): Command {
  return command
    .option(
      '--disk <url[,private][,readonly][,serial=text]>',
      'a disk: a file, a block device or iscsi://host/target/lun (repeatable)',
      addDisk,
    )
    .addOption(
      new Option(
        '--disk-reads <where>',
        'what the guest reads travels in the log, or the backup reads it itself',
      )
        .choices(['log', 'backup'])
        .default('log'),
    );
}

export function addBackupDiskOption(command: Command): Command {
  return command.option(
    '--disk <url>',
    'a disk as this host sees it, in the primary’s order: all, or the private ones (repeatable)',
    addBackupDisk,
  );
}

function addDisk(text: string, before: readonly DiskOption[] = []): readonly DiskOption[] {
  requireRoom(before.length);
  return [...before, parseDisk(text)];
}

function addBackupDisk(text: string, before: readonly string[] = []): readonly string[] {
  requireRoom(before.length);
  if (text.includes(',')) {
    throw new InvalidArgumentError('How a disk is held is for the primary to say: write the URL.');
  }
  return [...before, parseDiskUrl(text)];
}

function requireRoom(count: number): void {
  if (count < limits.disksMax) return;
  throw new InvalidArgumentError(`A guest can have ${limits.disksMax} disks.`);
}

export function parseDisk(text: string): DiskOption {
  const [url = '', ...words] = text.split(',');
  let holding: DiskOption['holding'] | null = null;
  let readOnly = false;
  let serial: string | null = null;
  for (const word of words) {
    if (holding === null && (word === 'private' || word === 'shared')) holding = word;
    else if (word === 'readonly' && !readOnly) readOnly = true;
    else if (serial === null && word.startsWith('serial=')) serial = parseSerial(word.slice(7));
    else {
      throw new InvalidArgumentError(
        `'${word}' is not known. Write URL[,private|shared][,readonly][,serial=TEXT].`,
      );
    }
  }
  return { url: parseDiskUrl(url), holding: holding ?? 'shared', readOnly, serial };
}

/** What else is wrong with it is found when it is opened. */
export function parseDiskUrl(text: string): string {
  if (text === '') throw new InvalidArgumentError('Name a disk: a path or a URL.');
  const url = /^[a-z]+:\/\//.test(text) ? text : fileUrl(text);
  if (url.length > limits.diskUrlLengthMax) {
    throw new InvalidArgumentError(`A URL is at most ${limits.diskUrlLengthMax} characters long.`);
  }
  return url;
}

/** The other host may have another current directory. */
function fileUrl(text: string): string {
  const path = /^file:(.*)$/s.exec(text)?.[1];
  if (path !== undefined) return path === '' ? text : `file:${resolve(path)}`;
  return /^[a-z]+:/.test(text) ? text : resolve(text);
}

function parseSerial(text: string): string {
  if (!/^[!-~]{1,20}$/.test(text)) {
    throw new InvalidArgumentError(`'${text}' is no serial: 1 to 20 printable characters.`);
  }
  return text;
}
