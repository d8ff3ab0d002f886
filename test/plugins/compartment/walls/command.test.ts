// A system on which no process comes up with walls: plugins run without, and the facts say so.

import { expect, it, jest } from '@jest/globals';

jest.unstable_mockModule('../../../../src/plugins/compartment/process/walls/addon.ts', () => ({
  wallsAddon: () => '/no/such/addon.node',
}));

const { childCommand } = await import('../../../../src/plugins/compartment/process/command.ts');
const { startChild } = await import('../raw-child.ts');

it('plugins run without walls where a process does not come up with them', async () => {
  const { args, facts } = childCommand();
  expect(facts.walls).toEqual({ landlock: false, seccomp: false });
  expect(args).not.toContain('/no/such/addon.node');
  const child = await startChild();
  await child.load(1, '({ graft: (input) => input + 1 })');
  expect((await child.call(1, 1)).json).toBe(2);
  await child.kill();
});
