/**
 * The clients, a process of their own, which runs in the clients' network: each has one connection for the whole run.
 *
 *   node client-main.js '{"host": …}'            (ClientOrder)
 *
 * Writes a line of JSON per report (Report) to standard output. At the end of its standard input the clients end what they
 * are at, and the first of each workload reads all that is there.
 */
import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import { Client, type Tell } from './client.js';
import type { ClientOrder } from './workload.js';

const tell: Tell = (report) => {
  process.stdout.write(`${JSON.stringify(report)}\n`);
};

async function main(order: ClientOrder): Promise<void> {
  let stopping = false;
  process.stdin.on('end', () => {
    stopping = true;
  });
  process.stdin.resume();

  const groups = order.workloads.map(({ name, clients }, group) =>
    Array.from({ length: order.readOnly ? 1 : clients }, (_, index) => {
      const random = new SeededRandom(order.seed + 1000 * group + index);
      return new Client(name, `${name}-${index}`, order, random, tell);
    }),
  );
  const all = groups.flat();
  const firsts = groups.flatMap(([first]) => (first === undefined ? [] : [first]));
  process.on('SIGTERM', () => {
    stopping = true;
    for (const client of all) client.giveUp();
  });
  await Promise.all(all.map((client) => client.connect()));
  if (!order.readOnly) {
    await Promise.all(firsts.map((client) => client.prepare()));
    await Promise.all(all.map((client) => client.run(() => stopping)));
  }
  await Promise.all(firsts.map((client) => client.final()));
  tell({ type: 'done' });
  for (const client of all) client.close();
}

try {
  await main(JSON.parse(process.argv[2] ?? '') as ClientOrder);
  process.stdout.write('', () => process.exit(0));
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
