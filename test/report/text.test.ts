// A result as text: all that it says, and nothing where it says nothing.

import { describe, expect, test } from '@jest/globals';
import { resultText } from '../../report/index.ts';
import { MARKS } from './figures.ts';
import { eviction, read_ahead } from './results.ts';

describe('resultText', () => {
  test('says all parts, facts and the hash', () => {
    const text = resultText(read_ahead);
    const sentences = [
      'read-ahead: Announced reads pay',
      'Cost of a call',
      ...MARKS.map((marks) => `a figure of ${marks}`),
      '3,000',
      'hash 0123abcd',
    ];
    expect(sentences.filter((sentence) => !text.includes(sentence))).toEqual([]);
  });

  test('of a result without parts and facts is its sentence and its hash', () => {
    expect(resultText(eviction)).toBe('eviction: One fault saved pays for many calls.\n\nhash ffee');
  });
});
