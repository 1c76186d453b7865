import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Command, CommanderError } from 'commander';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, mock } from 'node:test';

import { asVmftError, exitStatusByCode, VmftError } from '../../../src/base/errors.js';
import { allCommands } from '../../../src/cli/commands.js';
import { errorLine } from '../../../src/cli/report-error.js';
import { mainScript } from '../../../src/cli/project-paths.js';
import { ClusterFiles, host as hostNamed, operator } from '../../host/security/cluster-files.js';
import type { Outcome } from '../vmft.js';
import {
  FakeHost,
  hostDescription,
  machineSpec,
  progress,
  replica,
  tlsTable,
  type ConsoleStream,
} from './fake-host.js';
import { freePort } from './two-daemons.js';

const timeoutMs = 60_000;

function begin(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [mainScript, ...words], {
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
}

function outcome(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

describe('the commands of hosts', () => {
  const fake = new FakeHost();
  const files = new ClusterFiles();
  let env: NodeJS.ProcessEnv = {};
  let port = 0;

  before(async () => {
    port = await freePort();
    const tls = await files.issue('ours', hostNamed('a'));
    await fake.open(port, tlsTable(tls));
    // Whoever runs the tests may have a configuration.
    env = { VMFT_SOCKET: fake.socket, VMFT_TLS: '', XDG_CONFIG_HOME: fake.folder };
  });
  beforeEach(() => {
    fake.asked.length = 0;
    fake.script = {};
  });
  after(() => {
    fake.remove();
    files.remove();
  });

  /** The same without a process of its own: its status, what it prints, and the line that it would end with. */
  async function inProcess(...words: string[]): Promise<Outcome> {
    const [name, ...rest] = words;
    const program = new Command('vmft')
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    const command = allCommands().find((each) => each.name() === name) ?? assert.fail();
    program.addCommand(command.copyInheritedSettings(program));
    const before = { ...process.env };
    Object.assign(process.env, env);
    const printed: string[] = [];
    const log = mock.method(console, 'log', (line: string) => printed.push(`${line}\n`));
    try {
      await program.parseAsync([name ?? '', ...rest], { from: 'user' });
      return { status: 0, stdout: printed.join(''), stderr: '' };
    } catch (error) {
      const usage = error instanceof CommanderError;
      const named = usage ? new VmftError('usage', error.message) : asVmftError(error);
      return { status: named.exitStatus, stdout: printed.join(''), stderr: errorLine(named) };
    } finally {
      log.mock.restore();
      process.env = before;
    }
  }

  const run = (...words: string[]): Promise<Outcome> => outcome(begin(words, env));

  it('start: the daemon gets the machine as it was described', async () => {
    fake.script.start = async () => ({ machineId: 'web-77', host: 'b' });
    const words = [
      ...['start', 'web', 'debian', '--append', 'quiet', '--memory', '512M', '--on', 'b'],
      ...['--disk', '/srv/{host}/web.img,private', '--disk', 'iscsi://s/t/1,serial=x'],
      ...['--mac', '02:00:00:00:00:2A', '--arbiter', 'file:/flags', '--accel', 'kvm'],
      ...['--replication', 'checkpoint', '--anti-affinity', 'rack', '--hosts', 'a,b'],
      ...['--no-protect', '--on-reset', 'end', '--setting', 'heartbeat-interval=50'],
    ];
    const { status, stdout, stderr } = await run(...words);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, 'web runs on host b (machine id web-77)\n');
    assert.deepEqual(fake.asked, [
      {
        method: 'start',
        by: 'the operator on host a',
        request: {
          spec: machineSpec({
            machineId: '',
            guest: { built: 'debian', kernel: '', initramfs: '', append: 'quiet' },
            memoryBytes: 512 * 2 ** 20,
            mac: '02:00:00:00:00:2a',
            disks: [
              { url: '/srv/{host}/web.img', options: 'private' },
              { url: 'iscsi://s/t/1', options: 'serial=x' },
            ],
            accelerator: 'kvm',
            replication: 'checkpoint',
            protected: false,
            antiAffinity: 'rack',
            hosts: ['a', 'b'],
            onReset: 'end',
            settings: ['--heartbeat-interval=50'],
            version: 0,
          }),
          host: 'b',
          restore: '',
        },
      },
    ]);
  });

  it('start: files are this folder’s for the daemon here, and named in full for another', async () => {
    fake.script.start = async () => ({ machineId: 'm', host: 'a' });
    const words = ['start', 'web', '--kernel', 'vmlinuz', '--net'];
    assert.equal((await run(...words)).status, 0);
    const { spec } = fake.asked[0]?.request as { spec: ReturnType<typeof machineSpec> };
    assert.equal(spec.guest?.kernel, join(process.cwd(), 'vmlinuz'));
    assert.match(spec.mac, /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    assert.equal(spec.protected, true);
    const remote = await inProcess(...words, '--host', '127.0.0.1');
    assert.equal(remote.status, exitStatusByCode.usage);
    assert.match(remote.stderr, /vmlinuz is a file on another host — write its whole path/);
  });

  it('stop, reset and set: the request, and what was done', async () => {
    fake.script = {
      stop: async () => undefined,
      reset: async () => undefined,
      set: async () => undefined,
    };
    const outcomes = [
      await inProcess('stop', 'web'),
      await inProcess('stop', 'web', '--hard'),
      await inProcess('reset', 'web'),
      await inProcess('set', 'web', '--cpu-share', '25%'),
    ];
    assert.deepEqual(
      outcomes.map(({ stdout }) => stdout.trim()),
      [
        'the power button of web is pressed',
        'web is powered off',
        'the reset button of web is pressed',
        'the CPU of web has 25% of its speed',
      ],
    );
    assert.deepEqual(
      fake.asked.map(({ method, request }) => ({ method, request })),
      [
        { method: 'stop', request: { name: 'web', hard: false } },
        { method: 'stop', request: { name: 'web', hard: true } },
        { method: 'reset', request: { name: 'web' } },
        { method: 'set', request: { name: 'web', cpuSharePermille: 250 } },
      ],
    );
  });

  it('operations: what each asks, its steps as lines, and its end', async () => {
    const steps: HostOperation = async (_request, _asking, tell) => {
      tell(progress({ step: 'host b is asked' }));
      tell(
        progress({
          step: 'copying',
          sentBytes: 2 ** 20,
          leftBytes: 3 * 2 ** 20,
          bytesPerSecond: 2 ** 20,
        }),
      );
      tell(
        progress({
          step: 'copying',
          sentBytes: 2 ** 21,
          leftBytes: 2 ** 21,
          bytesPerSecond: 2 ** 20,
        }),
      );
      tell(progress({ step: 'done on b', pauseMs: 42, done: true }));
    };
    fake.script = { protect: steps, unprotect: steps, failover: steps, move: steps };
    const commands = [
      ['protect', 'web', '--on', 'b'],
      ['unprotect', 'web'],
      ['failover', 'web'],
      ['move', 'web', 'primary', 'c'],
    ];
    const outcomes = await Promise.all(commands.map((words) => run(...words)));
    assert.deepEqual(
      outcomes.map(({ stdout }) => stdout.trim()),
      [
        'web is protected',
        'web has no backup any more',
        'web goes on where its backup was',
        'the primary of web is on c',
      ],
    );
    for (const { status, stderr } of outcomes) {
      assert.equal(status, 0, stderr);
      const lines = 'host b is asked\ncopying, 1.0 MiB sent, 3.0 MiB left, 1.0 MiB/s, about 3 s\n';
      assert.equal(stderr, lines);
    }
    const asked = new Map(fake.asked.map(({ method, request }) => [method, request]));
    assert.deepEqual(asked.get('protect'), { name: 'web', host: 'b' });
    assert.deepEqual(asked.get('unprotect'), { name: 'web' });
    assert.deepEqual(asked.get('failover'), { name: 'web' });
    assert.deepEqual(asked.get('move'), { name: 'web', replica: 'primary', to: 'c' });
  });

  it('operations: Ctrl-C ends the command and not the operation', async () => {
    let finish = (): void => undefined;
    let going = true;
    fake.script.move = async (_request, _asking, tell) => {
      tell(progress({ step: 'copying' }));
      await new Promise<void>((resolve) => (finish = resolve));
      going = false;
    };
    const child = begin(['move', 'web', 'backup', 'c'], env);
    child.stderr.once('data', () => child.kill('SIGINT'));
    const { status, stderr } = await outcome(child);
    assert.equal(status, exitStatusByCode.stopped);
    assert.match(stderr, /this command was stopped; the host goes on with what was asked/);
    assert.ok(going);
    finish();
  });

  it('errors: the daemon’s line, advice and status', async () => {
    const busy = (): Promise<never> =>
      Promise.reject(
        new VmftError(
          'machine-busy',
          'another operation has machine web: move of the backup to c, asked for by operator bob',
          'wait until it is done; vmft status shows it',
        ),
      );
    const unknown = (): Promise<never> =>
      Promise.reject(new VmftError('machine-unknown', 'no host knows a machine nosuch'));
    fake.script = { failover: busy, stop: unknown, move: async () => undefined };
    const conflict = await run('failover', 'web');
    const nosuch = await inProcess('stop', 'nosuch');
    const mute = await inProcess('move', 'web', 'backup', 'c');
    assert.deepEqual(conflict, {
      status: exitStatusByCode['machine-busy'],
      stdout: '',
      stderr:
        'vmft: another operation has machine web: move of the backup to c, asked for by operator bob' +
        ' — wait until it is done; vmft status shows it\n',
    });
    assert.equal(nosuch.status, exitStatusByCode['machine-unknown']);
    assert.equal(nosuch.stderr, 'vmft: no host knows a machine nosuch');
    assert.equal(mute.status, exitStatusByCode['host-unreachable']);
    assert.match(mute.stderr, /the host did not say what came of it/);
  });

  describe('status', () => {
    const reply = {
      hosts: [
        hostDescription({
          labels: { rack: '1' },
          replicas: [
            replica({
              role: 'alone',
              phase: 'alone',
              unprotectedMs: 65_000,
              lastFailure: 'c: no\nroom',
            }),
          ],
        }),
        hostDescription({
          name: 'b',
          address: '10.0.1.2:7400',
          unreachable: 'connect ECONNREFUSED',
        }),
      ],
      machines: [
        {
          name: 'web',
          state: 'unprotected',
          primary: 'a',
          backup: '',
          note: 'c: no\nroom',
          generation: 3,
        },
      ],
    };

    it('is a table of hosts and machines', async () => {
      fake.script.status = async () => reply;
      const { status, stdout, stderr } = await run('status');
      assert.equal(status, 0, stderr);
      assert.equal(
        stdout,
        [
          '  host  address        replicas  memory free           accelerators  labels',
          '  a     10.0.1.1:7400  1         15.5 GiB of 16.0 GiB  soft          rack=1',
          '  b     10.0.1.2:7400  -         -                     -             no answer: connect ECONNREFUSED',
          '',
          '  machine  state                      primary  backup  generation  note',
          '  web      unprotected for 1 min 5 s  a        -       3           c: no?room',
          '',
        ].join('\n'),
      );
      assert.deepEqual(fake.asked[0]?.request, { name: '', thisHostOnly: false });
    });

    it('of one machine is all that is known of it', async () => {
      fake.script.status = async () => reply;
      const known = await inProcess('status', 'web');
      const json = await inProcess('status', 'web', '--json', '--this-host');
      const nosuch = await inProcess('status', 'nosuch');
      assert.match(known.stdout, /^machine web\n {2}state +unprotected for 1 min 5 s\n/);
      assert.match(known.stdout, /\n {2}a +alone +alone +- .*last failure: c: no\?room\n$/);
      assert.deepEqual(JSON.parse(json.stdout), reply);
      assert.equal(nosuch.status, exitStatusByCode['machine-unknown']);
      assert.ok(
        fake.asked.some(({ request }) => (request as { thisHostOnly: boolean }).thisHostOnly),
      );
    });

    it('goes on with --watch, also while the daemon is away', async () => {
      let answers = 0;
      fake.script.status = async () => {
        if (answers++ === 1) throw new VmftError('no-host', 'it comes back');
        return reply;
      };
      const child = begin(['status', '--watch', '--json'], env);
      child.stdout.on('data', () => {
        if (answers === 3) child.kill('SIGTERM');
      });
      const { stdout } = await outcome(child);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
      assert.deepEqual(lines[0], reply);
      assert.deepEqual(lines[1], {
        error: { code: 'no-host', message: 'it comes back', whatToDo: '' },
      });
      assert.deepEqual(lines[2], reply);
    });
  });

  describe('console', () => {
    it('carries what is shown and typed, and follows a machine that moves', async () => {
      const typed: string[] = [];
      let visits = 0;
      fake.script.status = async () => ({
        hosts: [],
        machines: [
          {
            name: 'web',
            state: visits < 2 ? 'protected' : 'stopped',
            primary: 'a',
            backup: '',
            note: '',
            generation: 1,
          },
        ],
      });
      fake.script.console = async (_machine: string, _asking: unknown, stream: ConsoleStream) => {
        visits++;
        stream.output(Buffer.from(`visit ${visits}\n`));
        await new Promise<void>((resolve) => {
          stream.onInput((bytes) => {
            if (bytes !== null) typed.push(Buffer.from(bytes).toString());
            resolve();
          });
        });
      };
      const child = begin(['console', 'web'], env);
      child.stdout.on('data', (bytes: Buffer) => child.stdin.write(`to ${bytes.toString()}`));
      const { status, stdout, stderr } = await outcome(child);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, 'visit 1\nvisit 2\n');
      assert.deepEqual(typed, ['to visit 1\n', 'to visit 2\n']);
      assert.match(stderr, /the console was cut off; [^]*web has ended/);
    });

    it('of a machine that is not there is refused', async () => {
      fake.script.console = () =>
        Promise.reject(new VmftError('machine-unknown', 'no host knows a machine nosuch'));
      const { status, stderr } = await run('console', 'nosuch');
      assert.equal(status, exitStatusByCode['machine-unknown']);
      assert.match(stderr, /vmft: no host knows a machine nosuch\n$/);
    });
  });

  describe('which daemon is asked', () => {
    it('is one over the network, with an operator’s certificate', async () => {
      fake.script.stop = async () => undefined;
      const { keyFile, certificateFile, authorityFile } = await files.issue(
        'ours',
        operator('ann'),
      );
      const tls = ['--tls-key', keyFile, '--tls-cert', certificateFile, '--tls-ca', authorityFile];
      const { status, stderr } = await run('stop', 'web', '--host', `127.0.0.1:${port}`, ...tls);
      assert.equal(status, 0, stderr);
      assert.equal(fake.asked[0]?.by, 'operator ann');
      assert.equal(stderr, '');
    });

    it('is refused in one line where it cannot be', async () => {
      const foreign = await files.issue('theirs', operator('eve'));
      const words = (tls: typeof foreign): string[] => [
        ...['--tls-key', tls.keyFile, '--tls-cert', tls.certificateFile],
        ...['--tls-ca', tls.authorityFile],
      ];
      const there = ['--host', `127.0.0.1:${port}`];
      const absent = ['--socket', join(fake.folder, 'absent.sock')];
      const cases: readonly (readonly [string[], RegExp, keyof typeof exitStatusByCode])[] = [
        [absent, /no vmft host serves \S+absent\.sock: no such file — start/, 'host-unreachable'],
        [['--host', '127.0.0.1:1'], /at 127\.0\.0\.1:1: connect ECONNREFUSED/, 'host-unreachable'],
        [there, /it may want TLS/, 'host-unreachable'],
        [
          [...there, ...words(foreign)],
          /is not of this cluster’s authority/,
          'certificate-refused',
        ],
        [[...there, '--socket', 'x'], /cannot be used with option '--socket/, 'usage'],
        [words(foreign), /TLS is for a host over the network/, 'usage'],
        [['--host', '1:2:3'], /Write a host as/, 'usage'],
      ];
      for (const [more, says, expected] of cases) {
        const { status, stderr } = await inProcess('status', ...more);
        assert.match(stderr, says);
        assert.equal(status, exitStatusByCode[expected], stderr);
        assert.ok(!stderr.includes('\n'), stderr);
      }
    });
  });

  it('bad input is refused before anybody is asked', async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['stop'], /missing required argument 'name'/],
      [['stop', '../x'], /A machine’s name is letters/],
      [['start', 'web'], /no guest is named/],
      [['start', 'web', 'debian', '--kernel', '/k'], /guest debian has its kernel/],
      [['start', 'web', 'debian', '--memory', '1'], /256M or 1G/],
      [['start', 'web', 'debian', '--mac', '01:00:00:00:00:00'], /is not a MAC address/],
      [['start', 'web', 'debian', '--setting', 'x'], /name=value/],
      [['start', 'web', 'debian', '--disk', ''], /Name a disk/],
      [['move', 'web', 'both', 'c'], /Allowed choices are primary, backup/],
      [['set', 'web'], /required option '--cpu-share/],
      [['set', 'web', '--cpu-share', '101%'], /from 1% to 100%/],
      [['status', 'web', '--arbiter', 'file:/x'], /a daemon or storage is asked, not both/],
    ];
    for (const [words, says] of cases) {
      const { status, stderr } = await inProcess(...words);
      assert.match(stderr, says);
      assert.equal(status, exitStatusByCode.usage, stderr);
    }
    assert.deepEqual(fake.asked, []);
  });
});

type HostOperation =
  NonNullable<FakeHost['script']['move']> extends (
    request: never,
    asking: infer A,
    tell: infer T,
  ) => infer R
    ? (request: unknown, asking: A, tell: T) => R
    : never;
