import type { VmftError } from '../../../src/base/errors.js';
import type { NumberedEvent } from '../../../src/host/replica/event-history.js';

/** Keeps what a stream of a control socket tells, and waits for it. */
export class Looker {
  readonly events: NumberedEvent[] = [];
  shown = '';
  /** Of each stream that ended. */
  readonly ends: (VmftError | null)[] = [];
  private readonly waiting = new Set<() => void>();

  event(event: NumberedEvent): void {
    this.events.push(event);
    this.look();
  }

  output(bytes: Buffer): void {
    this.shown += bytes.toString('latin1');
    this.look();
  }

  ended(error: VmftError | null): void {
    this.ends.push(error);
    this.look();
  }

  types(): string[] {
    return this.events.map(({ json }) => (JSON.parse(json) as { type: string }).type);
  }

  /** Rejects when `found` is not true within 20 s. */
  until(what: string, found: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${what}; seen: ${this.types().join()} ${this.shown.slice(-200)}`));
      }, 20_000);
      const look = (): void => {
        if (!found()) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  private look(): void {
    for (const look of [...this.waiting]) look();
  }
}
