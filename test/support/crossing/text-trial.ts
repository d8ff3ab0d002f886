// The property of what crosses (trial.ts) for WebAssembly, which sends the texts of its arguments itself.

import type { Callable } from '../../../src/plugins/index.ts';
import type { TestBase } from '../base.ts';
import { Random } from '../random.ts';
import { argumentsText, expectedOf } from './texts.ts';
import type { Found } from './trial.ts';

/** Texts of a module, and how many units each has at most. */
const TEXTS = 200;
const SHORT = 100;
const FIRST = 1024;
const ANSWERS = 200_000;

/** A module whose graft calls the accessor `spy` with each of the texts. */
const sending = (texts: readonly string[]): string => {
  const bytes = texts.map((text) => Buffer.from(text));
  const at = (index: number): string => `(i32.const ${FIRST + 4 * SHORT * index})`;
  const escaped = (one: Buffer): string => [...one].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  const data = bytes.map((one, index) => `(data ${at(index)} "${escaped(one)}")`).join('\n');
  const calls = bytes.map((one, index) => `(drop (call $spy ${at(index)} (i32.const ${one.length})))`).join('\n');
  return `(module (import "graftwork" "memory" (memory 4))
    (import "api" "spy" (func $spy (param i32 i32) (result i64)))
    ${data}
    (func (export "alloc") (param i32) (result i32) (i32.const ${ANSWERS}))
    (func (export "direct_graft") (param f64) (result f64) ${calls} (f64.const 1)))`;
};

/** Sends some texts by chance, in one call. */
export const textTrial = async (base: TestBase, seed: number): Promise<Found> => {
  const random = new Random(seed);
  const texts = Array.from({ length: TEXTS }, () => argumentsText(random)).filter(
    (text) => text.length < SHORT && text.isWellFormed() && text !== '',
  );
  const seen: string[] = [];
  const spy: Callable = { waits: false, run: (_caller, args) => void seen.push(JSON.stringify(args)) };
  const name = `texts-${seed}`;
  const point = base.point({ name, kind: 'function', default: (): unknown => 0, callable: { spy } });
  await base.install(name, sending(texts), { grafts: [{ point: name, export: 'graft' }] });
  const outcome = await base.invoke(point, 1);
  const expected = texts.map(expectedOf).filter((text) => text !== null);
  const violations = expected.filter((text, index) => text !== seen[index]);
  if (outcome.status !== 'committed' || seen.length !== expected.length) violations.push(`${seen.length} arrived`);
  base.plugins.remove(name);
  return { violations, seen: seen.length, expected: expected.length };
};
