// A policy as a seccomp filter: a program of classic BPF that the kernel runs before every system call.
//
// 1. A call of another architecture's ends the process. So does one of x32's numbers, which share x64's architecture.
// 2. A call with a rule gets what its rule says. 3. Any other is refused with EPERM.
// Layouts and constants: linux/filter.h, linux/bpf_common.h, linux/seccomp.h, linux/audit.h.

import { type Arch, type CallName, NUMBERS } from './numbers.ts';
import { type Condition, EPERM, type Policy, type Rule } from './policy.ts';

const LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_BIT_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const refusal = (error: number): number => 0x00050000 | error;

/** Offsets in struct seccomp_data. Both architectures are little-endian, so an argument's lower word comes first. */
const NUMBER_AT = 0;
const ARCH_AT = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

const AUDIT_ARCH: Record<Arch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const X32_BIT = 0x40000000;

const INSTRUCTION_BYTES = 8;

/** One instruction; `yes` and `no` are how many of the next to leave out. */
interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly yes?: number;
  readonly no?: number;
}

const load = (at: number): Instruction => ({ code: LOAD_WORD, k: at });
const give = (k: number): Instruction => ({ code: RETURN, k });

/** Gives `then` where the loaded word compares so with `k`; goes on where not. */
const where = (code: number, k: number, then: number): Instruction[] => [{ code, k, yes: 0, no: 1 }, give(then)];

/** Allows where the condition holds; goes on where not. */
const allowing = (condition: Condition): Instruction[] => [
  load(argumentAt(condition.argument)),
  ...(condition.is === 'allowed where set'
    ? where(JUMP_BIT_SET, condition.bit, ALLOW)
    : condition.values.flatMap((value) => where(JUMP_EQUAL, value, ALLOW))),
];

const verdict = (rule: Rule): Instruction[] => {
  switch (rule.is) {
    case 'allowed':
      return [give(ALLOW)];
    case 'refused':
      return [give(refusal(rule.error))];
    case 'allowed where either':
      return [...rule.either.flatMap(allowing), give(refusal(EPERM))];
    default:
      return [...allowing(rule), give(refusal(EPERM))];
  }
};

const forCall = (number: number, rule: Rule): Instruction[] => {
  const then = verdict(rule);
  return [{ code: JUMP_EQUAL, k: number, yes: 0, no: then.length }, ...then];
};

const bytesOf = (instructions: readonly Instruction[]): Buffer => {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  for (const [index, { code, k, yes = 0, no = 0 }] of instructions.entries()) {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(yes, at + 2);
    bytes.writeUInt8(no, at + 3);
    bytes.writeUInt32LE(k, at + 4);
  }
  return bytes;
};

const refused: Rule = { is: 'refused', error: EPERM };

/**
 * The program for `policy` on `arch`, as the array of struct sock_filter that the kernel takes. What the policy does
 * not name gets `otherwise`.
 */
export function filterOf(policy: Policy, arch: Arch, otherwise: Rule = refused): Buffer {
  const rules = Object.entries(policy) as [CallName, Rule][];
  return bytesOf([
    load(ARCH_AT),
    { code: JUMP_EQUAL, k: AUDIT_ARCH[arch], yes: 1, no: 0 },
    give(KILL_PROCESS),
    load(NUMBER_AT),
    ...(arch === 'x64' ? where(JUMP_AT_LEAST, X32_BIT, KILL_PROCESS) : []),
    ...rules.flatMap(([name, rule]) => {
      const number = NUMBERS[name][arch];
      return number === null ? [] : forCall(number, rule);
    }),
    ...verdict(otherwise),
  ]);
}

/** How many instructions a program has. */
export const lengthOf = (program: Uint8Array): number => program.length / INSTRUCTION_BYTES;
