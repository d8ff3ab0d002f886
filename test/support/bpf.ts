// Classic BPF as seccomp runs it: what a filter says of a system call, on any machine.

/** A system call as the filter sees it (struct seccomp_data). */
export interface SeenCall {
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly number[];
}

const INSTRUCTION_BYTES = 8;

const wordAt = ({ arch, number, args = [] }: SeenCall, at: number): number => {
  if (at === 0) return number;
  if (at === 4) return arch;
  if (at < 16 || at % 8 !== 0) throw new RangeError(`nothing is read at ${at}`);
  return (args[(at - 16) / 8] ?? 0) >>> 0;
};

const JUMPS: Record<number, (word: number, k: number) => boolean> = {
  21: (word, k) => word === k,
  53: (word, k) => word >= k,
  69: (word, k) => (word & k) !== 0,
};

/** The value that `program` returns for `call`, as an unsigned word. */
export function verdictOf(program: Buffer, call: SeenCall): number {
  let word = 0;
  for (let at = 0; at < program.length; at += INSTRUCTION_BYTES) {
    const code = program.readUInt16LE(at);
    const k = program.readUInt32LE(at + 4);
    const jump = JUMPS[code];
    if (code === 0x20) word = wordAt(call, k) >>> 0;
    else if (code === 0x06) return k;
    else if (jump === undefined) throw new RangeError(`no instruction ${code}`);
    else at += INSTRUCTION_BYTES * program.readUInt8(at + (jump(word, k) ? 2 : 3));
  }
  throw new RangeError('the program has no end');
}
