// What crosses is checked on the host's side: a plugin that has its realm in its hand may send what it likes, and end
// as it likes.

import { types } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { GraftCall } from '../../src/plugins/graft-call.ts';
import { ANSWER_BYTES_MAX, type Callable, type PointOptions } from '../../src/plugins/index.ts';
import { openBase, type TestBase } from '../support/base.ts';
import { claimsOf } from '../support/claims.ts';
import { whyNotPlain } from '../support/crossing/oracle.ts';
import { type Script, scriptedMaker } from '../support/crossing/scripted.ts';
import { argumentsText, expectedOf } from '../support/crossing/texts.ts';
import { trial } from '../support/crossing/trial.ts';
import { FOREIGN, PROXIES } from '../support/crossing/values.ts';
import { Random } from '../support/random.ts';
import { replace } from '../support/twins/patch.ts';

const FUNCTION = { name: 'p', kind: 'function', default: (): unknown => 'default', budget: 1e9 } as const;

let base: TestBase;
afterEach(() => base.close());

const scripted = async (script: Script, options: Partial<PointOptions> = {}) => {
  base = openBase('process', { compartments: scriptedMaker(script) });
  const point = base.point<unknown, unknown>({ ...FUNCTION, ...options });
  await base.install('a', '{}');
  return point;
};

/** Sends texts by chance, each in a call of its own. Gives those that the accessor should have seen otherwise. */
const misread = async (texts: number, seed: number): Promise<string[]> => {
  const random = new Random(seed);
  const wrong: string[] = [];
  let text = '';
  let seen: string | null = null;
  const spy: Callable = {
    waits: false,
    run: (_caller, args) => {
      seen = whyNotPlain(args) || JSON.stringify(args);
    },
  };
  const script: Script = (ask) => {
    try {
      ask(text);
    } catch {}
    return 'R1';
  };
  const point = await scripted(script, { callable: { spy } });
  for (let i = 0; i < texts; i++) {
    text = argumentsText(random);
    seen = null;
    await base.invoke(point, null);
    if (seen !== expectedOf(text)) wrong.push(`${text.slice(0, 200)} was seen as ${`${seen}`.slice(0, 200)}`);
  }
  return wrong;
};

/** As it was before: what comes as text is parsed, and believed. */
const believing = (): (() => void) =>
  replace(
    GraftCall.prototype,
    'callAccessor',
    (old) =>
      function (index, args) {
        return old.call(this, index, typeof args === 'string' ? JSON.parse(args || '[]') : args);
      },
  );

describe('arguments that came as text', () => {
  it('are plain data when an accessor sees them, whatever the text', async () => {
    expect(await misread(1000, 1)).toEqual([]);
  });

  it('would be found not to be, if they were believed', async () => {
    const restore = believing();
    try {
      const wrong = await misread(200, 1);
      for (const why of ['__proto__', 'constructor', 'NUL', 'ill formed', 'not exact', 'not finite', 'deep'])
        expect(wrong.join('\n')).toContain(why);
    } finally {
      restore();
    }
  });

  it('are paid for before they are read, and doom their call where they are too large', async () => {
    const texts = [`["${'x'.repeat(2000)}"]`, 'not JSON', 'not JSON', '[1]'];
    const told: unknown[] = [];
    const script: Script = (ask) => {
      for (const text of texts)
        try {
          told.push(ask(text));
        } catch (error) {
          told.push((error as { code?: string }).code);
        }
      return 'R1';
    };
    const point = await scripted(script, {
      callable: { nothing: { waits: false, run: () => null } },
      limits: { argument_bytes: 2015 },
    });
    expect(await base.invoke(point, null)).toMatchObject({ grafts: [{ reason: 'limit', detail: 'argument_bytes' }] });
    expect(told).toEqual([null, 'GRAFT_BAD_ARGUMENT', 'GRAFT_ABORTED', 'GRAFT_ABORTED']);
    told.length = 0;
    texts.splice(0, 9, `[${' '.repeat(ANSWER_BYTES_MAX)}]`, '[]');
    const large = { callable: { nothing: { waits: false, run: () => null } }, name: 'q' } as const;
    const other = base.point({ ...FUNCTION, ...large });
    await base.install('b', '{}', { grafts: [{ point: 'q', export: 'graft' }] });
    expect(await base.invoke(other, null)).toMatchObject({ grafts: [{ reason: 'limit' }] });
    expect(told).toEqual(['GRAFT_BAD_ARGUMENT', 'GRAFT_ABORTED']);
  });
});

describe('arguments in the realm of the host', () => {
  it('would be found to be proxies, if none were known', async () => {
    base = openBase('direct');
    const known = types.isProxy;
    try {
      Object.defineProperty(types, 'isProxy', { value: () => false, configurable: true, writable: true });
      const { violations } = await trial(base, { claims: claimsOf('direct'), seed: 1, cases: 300 });
      expect(violations.join('\n')).toContain('reached the host: a proxy');
    } finally {
      Object.defineProperty(types, 'isProxy', { value: known, configurable: true, writable: true });
    }
  });
});

const NOT_PLAIN = [
  'R{"__proto__":1}',
  'R[{"a":{"constructor":1}}]',
  'R"\\u0000"',
  'R["\\ud800"]',
  'R1e999',
  'R9007199254740993',
  `R${'['.repeat(33)}${']'.repeat(33)}`,
  'Ta\0b',
  'T\ud800',
  `T${'x'.repeat(1_048_577)}`,
  `R[${' '.repeat(ANSWER_BYTES_MAX)}]`,
  `R${'['.repeat(1_100_000)}`,
];

describe('an answer', () => {
  it.each<[string, Partial<PointOptions>, unknown]>([
    ['a function point', {}, 1],
    ['a point with a schema', { output: z.any() }, 1],
    ['a point with rows', { rows: true }, [1]],
    ['a chain', { kind: 'chain' }, 1],
  ])('that is not plain data is refused at %s', async (_name, options, input) => {
    let answer = '';
    const isRows = options.rows === true;
    const point = await scripted(() => (isRows && answer[0] === 'R' ? `R[${answer.slice(1)}]` : answer), options);
    for (answer of NOT_PLAIN)
      expect(await base.invoke(point, input)).toMatchObject({
        status: 'default',
        grafts: [{ reason: 'invalid-answer' }],
      });
    answer = 'R[7]';
    expect(await base.invoke(point, input)).toMatchObject({ status: 'committed' });
  });

  it('is ignored at an event point, whatever it is', async () => {
    let answer = '';
    const point = await scripted(() => answer, { kind: 'event' });
    for (answer of NOT_PLAIN.slice(0, 10))
      expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: null });
  });

  it.each([
    ['a refusal', 'N{"code":"__proto__","message":"\\ud800a\\u0000"}', { refusal: { message: '\ufffda\ufffd' } }],
    [
      'a failure',
      'F{"reason":"thrown","name":"a\\u0000","message":"\\ud800"}',
      { grafts: [{ detail: 'a\ufffd: \ufffd' }] },
    ],
    ['nonsense', 'X', { grafts: [{ reason: 'compartment-lost' }] }],
  ])('that is %s is told as text that may be told', async (_name, answer, told) => {
    const point = await scripted(() => answer);
    const outcome = await base.invoke(point, 1);
    expect(outcome).toMatchObject(told);
    expect(whyNotPlain(JSON.parse(JSON.stringify(outcome)))).toBe('');
  });
});

describe('what the host hands in', () => {
  const evaluated = (text: string): unknown => new Function(`return (${text})`)();

  it('is refused as an input where it is not plain data', async () => {
    const point = await scripted(() => 'R1');
    for (const text of [...FOREIGN, ...PROXIES])
      await expect(base.invoke(point, [evaluated(text)])).rejects.toMatchObject({ code: 'GRAFT_BAD_INPUT' });
  });

  it('is the host’s own mistake as an answer where it is not plain data', async () => {
    let text = '';
    const given: unknown[] = [];
    const give: Callable = { waits: false, run: () => [evaluated(text)] };
    const script: Script = (ask) => {
      try {
        given.push(ask(''));
      } catch {}
      return 'R1';
    };
    const point = await scripted(script, { callable: { give } });
    for (text of [...FOREIGN, ...PROXIES])
      expect(await base.invoke(point, null)).toMatchObject({ grafts: [{ reason: 'host-fault' }] });
    text = '7';
    expect(await base.invoke(point, null)).toMatchObject({ status: 'committed' });
    expect(given).toEqual([[7]]);
    expect(base.faults).toHaveLength(FOREIGN.length + PROXIES.length);
  });
});
