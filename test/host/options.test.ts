// What a host may be made from.

import { expect, test } from '@jest/globals';
import { checkHostOptions } from '../../src/host/options.ts';

const code = (options: object): unknown => {
  try {
    checkHostOptions(options);
    return 'allowed';
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

test('its options are allowed', () => {
  const options = { store: 'memory', registry: 'a.db', entities: [], processes: {}, compartment: {}, report: () => {} };
  expect(code(options)).toBe('allowed');
});

test.each<[string, object]>([
  ['a store that is no text', { store: 1 }],
  ['entities that are no list', { entities: {} }],
  ['a report that is no function', { report: 'log' }],
  ["the steps of the store's commit", { onStep: () => {} }],
])('%s is not', (_name, options) => {
  expect(code(options)).toBe('GRAFT_BAD_OPTION');
});
