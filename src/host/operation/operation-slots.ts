import { VmftError } from '../../base/errors.js';

/** An operation under way on a machine. */
export interface Operation {
  /** As people say it: "move of the backup to c". */
  readonly what: string;
  readonly askedBy: string;
}

/** One operation at a time for each machine; a second one is refused with the name of the first. */
export class OperationSlots {
  private readonly underWay = new Map<string, Operation>();

  /** Throws `machine-busy`. The operation ends with {@link end}. */
  begin(machine: string, operation: Operation): void {
    const first = this.underWay.get(machine);
    if (first !== undefined) {
      throw new VmftError(
        'machine-busy',
        `another operation has machine ${machine}: ${operationText(first)}`,
        'wait until it is done; vmft status shows it',
      );
    }
    this.underWay.set(machine, operation);
  }

  /** Only the one that began it may end it. */
  end(machine: string, operation: Operation): void {
    if (this.underWay.get(machine) === operation) this.underWay.delete(machine);
  }

  of(machine: string): Operation | null {
    return this.underWay.get(machine) ?? null;
  }

  /** Runs `work` as the machine's only operation. Rejects with `machine-busy`, and as `work` does. */
  async during<T>(machine: string, operation: Operation, work: () => Promise<T>): Promise<T> {
    this.begin(machine, operation);
    try {
      return await work();
    } finally {
      this.end(machine, operation);
    }
  }
}

export function operationText({ what, askedBy }: Operation): string {
  return askedBy === '' ? what : `${what}, asked for by ${askedBy}`;
}
