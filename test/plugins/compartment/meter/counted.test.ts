// Loops whose turns are known: where a number is given, the loop has just as many turns, whatever stands in its body.

import { describe, expect, it } from '@jest/globals';
import { type ForStatement, parse } from 'acorn';
import { turnsOf } from '../../../../src/plugins/compartment/in-realm/meter/counted.ts';
import { Random } from '../../../support/random.ts';

const loopOf = (text: string): ForStatement => parse(text, { ecmaVersion: 'latest' }).body[0] as ForStatement;

/** The turns that the loop really takes; it is given up beyond a few thousand. */
const counted = (head: string, body: string): number => {
  let turns = 0;
  const turn = (): void => {
    if (++turns > 5000) throw new RangeError('too many');
  };
  try {
    new Function('turn', 'o', `let j = 0; for (${head}) { turn(); ${body} }`)(turn, { i: 0 });
  } catch {
    // What ends the loop early is counted so far.
  }
  return turns;
};

const BODIES = [
  '',
  'o[i] = i;',
  'o.i = 7;',
  '((k) => k + i)(1);',
  'i++;',
  '--i;',
  'i = 3;',
  'i += 2;',
  '[i] = [9];',
  '({ i } = o);',
  '({ a: i = 4 } = o);',
  'for (i of [1]) ;',
  'for (i in { 5: 1 }) ;',
  'if (i > 2) break;',
  'if (i > 2) throw 1;',
  '(() => { i = 50; })();',
  '{ let i = 1; i++; }',
  'while (j++ < 2) { if (j) continue; }',
];

const head = (random: Random): string => {
  const [from, to, step] = [random.below(12) - 4, random.below(40) - 10, random.below(5)];
  const update = random.pick(['i++', '++i', `i += ${step}`, 'i--', 'j++', `i += ${-step}`]);
  return (
    `${random.pick(['let', 'let', 'let', 'var'])} i = ${from}; ` +
    `i ${random.pick(['<', '<', '<=', '>', '!=='])} ${random.pick([`${to}`, `${to}`, 'j', '7.5'])}; ${update}`
  );
};

describe('the turns of a loop', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
    'are as many as its head says, or nobody knows: seed %i',
    (seed) => {
      const random = new Random(seed);
      let known = 0;
      for (let i = 0; i < 2000; i++) {
        const [text, body] = [head(random), random.pick(BODIES)];
        const turns = turnsOf(loopOf(`for (${text}) { ${body} }`));
        if (turns === null) continue;
        known++;
        expect([text, body, turns]).toEqual([text, body, counted(text, body)]);
      }
      expect(known).toBeGreaterThan(10);
    },
  );

  it.each([
    ['for (let i = 0; i < 100; i++) s += i;', 100],
    ['for (let i = 0; i <= 1023; i++) ;', 1024],
    ['for (let i = 0; i < 1025; i++) ;', null],
    ['for (let i = 0; i < n; i++) ;', null],
    ['for (let i = 0, k = 1; i < 9; i++) ;', null],
    ['for (;;) ;', null],
  ])('%s', (text, turns) => {
    expect(turnsOf(loopOf(text))).toBe(turns);
  });
});
