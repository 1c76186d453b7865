/** The web shop's tables and its customers together, on a PostgreSQL of this host; its end in the guest is seen by the bench alone. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { answersOf, readCatalogue } from '../../../src/bench/table1/shop-connection.js';
import { visitShop, type Answers, type Catalogue } from '../../../src/bench/table1/shop-visit.js';
import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';

const versions = '/usr/lib/postgresql';
const tables = fileURLToPath(
  new URL('../../../../images/bench-disk/overlay/usr/lib/vmft/bench/shop.sql', import.meta.url),
);
const customers = 1_000;
const orders = 1_000;

const programs = findPrograms();
const owner = programs === null ? null : findOwner();
const skip =
  programs === null || owner === null
    ? 'PostgreSQL is not installed here: Debian package postgresql'
    : false;

describe('the web shop', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-shop-'));
  const data = join(folder, 'data');
  const connections: pg.Client[] = [];

  before(() => {
    if (owner !== null && owner.uid !== process.getuid?.()) chownSync(folder, owner.uid, owner.gid);
    run('initdb', [
      `--pgdata=${data}`,
      '--username=vmft',
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
    ]);
    const options = `-F -c listen_addresses= -c unix_socket_directories=${folder}`;
    run('pg_ctl', [
      'start',
      `--pgdata=${data}`,
      '--silent',
      '--wait',
      `--log=${folder}/log`,
      `--options=${options}`,
    ]);
    const sizes = { customers, orders, products_per_category: 1_000 };
    run('psql', [
      ...[`--host=${folder}`, '--username=vmft', '--dbname=postgres', '--no-psqlrc', '--quiet'],
      ...Object.entries(sizes).map(([name, value]) => `--set=${name}=${value}`),
      `--file=${tables}`,
    ]);
  });

  after(async () => {
    for (const connection of connections) await connection.end();
    run('pg_ctl', ['stop', `--pgdata=${data}`, '--mode=immediate', '--silent']);
    rmSync(folder, { recursive: true, force: true });
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: folder, user: 'vmft', database: 'postgres' });
    await client.connect();
    connections.push(client);
    return client;
  }

  it('serves customers at once, and its books are right', async () => {
    const first = await connect();
    const catalogue = await readCatalogue(first);
    assert.deepEqual(
      {
        ...catalogue,
        firstWords: catalogue.firstWords.length,
        secondWords: catalogue.secondWords.length,
      },
      { registered: customers, categories: 16, places: 1_000, firstWords: 40, secondWords: 50 },
    );
    const [atOnce, visits] = [8, 10];
    await Promise.all(
      Array.from({ length: atOnce }, async (_, index) => {
        const ask = answersOf(await connect());
        const random = new SeededRandom(index);
        for (let visit = 0; visit < visits; visit += 1) await visitShop(ask, catalogue, random);
      }),
    );
    const only = async (text: string): Promise<number> => {
      const { rows } = await first.query<[unknown]>({ text, rowMode: 'array' });
      return Number(rows[0]?.[0]);
    };
    assert.equal((await only('SELECT count(*) FROM orders')) - orders, atOnce * visits);
    assert.equal(
      await only(`SELECT count(*) FROM orders WHERE total_cents <>
        (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_lines.order_id = orders.order_id)`),
      0,
    );
    assert.equal(
      await only('SELECT sum(sold) FROM inventory'),
      await only(`SELECT sum(quantity) FROM order_lines WHERE order_id > ${orders}`),
    );
    assert.equal(await only('SELECT count(*) FROM inventory WHERE (stock + sold) % 250 <> 0'), 0);
    const registered = (await only('SELECT count(*) FROM customers')) - customers;
    assert.ok(registered > 0 && registered < atOnce * visits, `${registered} new customers`);
  });

  it('turns away who is not known, and a customer who finds nothing', async () => {
    const connection = await connect();
    const ask = answersOf(connection);
    const catalogue = await readCatalogue(connection);
    const strangers = { ...catalogue, registered: customers * 1_000_000 };
    await assert.rejects(visitMany(ask, strangers), /does not know user\d+/);
    await assert.rejects(visitMany(ask, { ...catalogue, firstWords: ['NOTHING'] }), /has nothing/);
  });
});

/** One of them at least is no new customer, and looks for a title. */
async function visitMany(ask: Answers, catalogue: Catalogue): Promise<void> {
  const random = new SeededRandom(1);
  for (let visit = 0; visit < 10; visit += 1) await visitShop(ask, catalogue, random);
}

function findPrograms(): string | null {
  if (!existsSync(versions)) return null;
  const folders = readdirSync(versions).map((version) => join(versions, version, 'bin'));
  return folders.find((each) => existsSync(join(each, 'initdb'))) ?? null;
}

/** PostgreSQL does not run as root. Null: there is nobody else. */
function findOwner(): { readonly uid: number; readonly gid: number } | null {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0 };
  const [user, group] = ['-u', '-g'].map((option) =>
    Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout || NaN),
  );
  return user === undefined || group === undefined || Number.isNaN(user + group)
    ? null
    : { uid: user, gid: group };
}

function run(program: string, options: readonly string[]): void {
  assert.ok(programs !== null && owner !== null);
  const who = process.getuid?.() === 0 ? owner : {};
  const result = spawnSync(join(programs, program), options, {
    ...who,
    cwd: '/',
    encoding: 'utf8',
    // A server keeps what it was started with.
    stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
  });
  assert.equal(result.status, 0, `${program}: ${result.stderr ?? ''}`);
}
