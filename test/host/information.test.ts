// What a host says of itself.

import { afterEach, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';

let host: Host;
afterEach(() => host.close());

test('a host of isolates warns of plugins that nobody has signed', async () => {
  host = await createHost({ store: 'memory', report: () => {}, compartment: new IsolateMaker() });
  expect(host.facts()).toMatchObject({ compartment: 'isolate', 'unsigned plugins': expect.stringMatching(/^WARNING/) });
});

test('a host of processes has no reason to', async () => {
  host = await createHost({ store: 'memory', report: () => {} });
  expect(Object.keys(host.facts())).not.toContain('unsigned plugins');
});
