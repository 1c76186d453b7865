import { firstOf, repeated } from './findings.js';
import type { ElementsRead, Insert, Operation, SetBody, SetState } from './operation.js';

/** What is wrong with a set, each in one line; empty: nothing. `final`: read after the last operation. */
export function checkSet(operations: readonly Operation<SetBody>[], final: SetState): string[] {
  const inserts = new Map<string, Operation<Insert>>();
  const reads: Operation<ElementsRead>[] = [];
  for (const operation of operations) {
    if (isInsert(operation)) inserts.set(operation.body.element, operation);
    else if (operation.outcome === 'ok') reads.push(operation as Operation<ElementsRead>);
  }
  const last: Operation<ElementsRead> = {
    client: 'final',
    invokedMs: Infinity,
    endedMs: Infinity,
    outcome: 'ok',
    body: { type: 'elements', elements: final.elements },
    why: null,
  };
  return [
    ...firstOf([...reads, last].flatMap((read) => acknowledgedAreSeen(inserts, read))),
    ...firstOf([...reads, last].flatMap((read) => seenWereAskedFor(inserts, read))),
    ...firstOf(onceSeenAlwaysSeen([...reads, last])),
    ...firstOf(
      repeated(final.elements).map((element) => `element ${element} is there more than once`),
    ),
    ...firstOf(doneTwice(operations)),
  ];
}

function isInsert(operation: Operation<SetBody>): operation is Operation<Insert> {
  return operation.body.type === 'insert';
}

function acknowledgedAreSeen(
  inserts: ReadonlyMap<string, Operation<Insert>>,
  read: Operation<ElementsRead>,
): string[] {
  const seen = new Set(read.body.elements);
  return [...inserts.values()]
    .filter(({ outcome, endedMs }) => outcome === 'ok' && endedMs < read.invokedMs)
    .filter(({ body }) => !seen.has(body.element))
    .map(
      ({ body }) =>
        `element ${body.element} was acknowledged and is missing in ${nameOf(read)} after it`,
    );
}

function seenWereAskedFor(
  inserts: ReadonlyMap<string, Operation<Insert>>,
  read: Operation<ElementsRead>,
): string[] {
  return read.body.elements.flatMap((element) => {
    const insert = inserts.get(element);
    if (insert === undefined || insert.invokedMs > read.endedMs) {
      return [`element ${element} is in ${nameOf(read)} and was not asked for`];
    }
    // What is there twice is said to have failed: doneTwice names it.
    if (insert.outcome === 'fail' && !saysAlreadyThere(insert)) {
      return [`element ${element} failed and is in ${nameOf(read)}`];
    }
    return [];
  });
}

function onceSeenAlwaysSeen(reads: readonly Operation<ElementsRead>[]): string[] {
  const inOrder = [...reads].sort((one, other) => one.invokedMs - other.invokedMs);
  return inOrder.flatMap((read, index) => {
    const later = inOrder.slice(index + 1).find(({ invokedMs }) => invokedMs > read.endedMs);
    if (later === undefined) return [];
    const seen = new Set(later.body.elements);
    return read.body.elements
      .filter((element) => !seen.has(element))
      .map((element) => `element ${element} was read and is missing in ${nameOf(later)} after it`);
  });
}

/** Each element is inserted once, so a database that has it already has executed a request twice. */
function doneTwice(operations: readonly Operation<SetBody>[]): string[] {
  return operations
    .filter(isInsert)
    .filter(saysAlreadyThere)
    .map(
      ({ body }) => `element ${body.element} was there before it was inserted: it was done twice`,
    );
}

/** The clients' word for it. */
export const alreadyThere = 'already there';

function saysAlreadyThere({ outcome, why }: Operation<Insert>): boolean {
  return outcome === 'fail' && why === alreadyThere;
}

function nameOf(read: Operation<ElementsRead>): string {
  return read.client === 'final' ? 'the last read' : 'a read';
}
