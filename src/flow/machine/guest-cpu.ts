/** One CPUID leaf as the guest sees it: 32-bit registers (native/accel/kvm/vcpu/vcpu.h). */
export interface CpuidLeaf {
  readonly function: number;
  /** ECX; 0 unless `indexed`. */
  readonly index: number;
  readonly indexed: boolean;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** The CPU of a guest on kvm: made on the host that starts it, and the same wherever it goes on. */
export interface GuestCpu {
  /** 12 characters, as in CPUID leaf 0. */
  readonly vendor: string;
  /** EAX of CPUID leaf 1: family, model and stepping. */
  readonly signature: number;
  readonly leaves: readonly CpuidLeaf[];
}

/** The CPU that these leaves describe; null when they lack leaf 0 or 1. */
export function guestCpuOf(leaves: readonly CpuidLeaf[]): GuestCpu | null {
  const maker = leaves.find((leaf) => leaf.function === 0);
  const model = leaves.find((leaf) => leaf.function === 1);
  if (maker === undefined || model === undefined) return null;
  const name = Buffer.alloc(12);
  name.writeUInt32LE(maker.ebx, 0);
  name.writeUInt32LE(maker.edx, 4);
  name.writeUInt32LE(maker.ecx, 8);
  return { vendor: name.toString('latin1'), signature: model.eax, leaves };
}

/** The CPU in words for people: `AuthenticAMD family 25 model 33 stepping 2` (SDM 2A, CPUID leaf 1). */
export function describeCpu({ vendor, signature }: Omit<GuestCpu, 'leaves'>): string {
  const baseFamily = (signature >>> 8) & 0xf;
  const family = baseFamily === 0xf ? baseFamily + ((signature >>> 20) & 0xff) : baseFamily;
  const extended = baseFamily === 0xf || baseFamily === 6 ? (signature >>> 12) & 0xf0 : 0;
  const model = extended | ((signature >>> 4) & 0xf);
  return `${vendor} family ${family} model ${model} stepping ${signature & 0xf}`;
}
