// Plugin storage belongs to the installer and the name.

import { afterEach, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';

const vault = {
  manifest: { name: 'vault', graftwork: { api: 1, grafts: [{ point: 'p', export: 'f' }], needs: ['storage'] } },
  files: {
    'index.js': `export const f = (what, api) => {
      if (what === 'keep') api.storage.set('secret', 'kept');
      if (what === 'throw') throw new Error('no');
      return api.storage.get('secret');
    };`,
  },
};

let host: Host;
afterEach(() => host.close());

test.each([
  ['the same installer finds what the plugin kept', 'alice', 'kept'],
  ['another installer of the same name finds nothing', 'mallory', null],
])('after a removal %s', async (_what, installer, found) => {
  host = await createHost({ store: 'memory', report: () => {}, compartment: new IsolateMaker() });
  const point = host.graftPoint<string, unknown>({
    name: 'p',
    kind: 'function',
    default: () => 'default',
    callable: { storage: host.storage },
  });
  await host.install(vault, { installer: 'alice' });
  await point.call('keep');
  await point.invoke('throw');
  await host.install(vault, { installer });
  expect(await point.call('read')).toBe(found);
});
