// Machines without seccomp, without Landlock, without unshare: what the host says there, and whether it starts.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ProcessMaker, type Walls } from '../../../../src/plugins/compartment/index.ts';
import { childCommand } from '../../../../src/plugins/compartment/process/command.ts';

const here = childCommand().facts;
const walled = here.walls.seccomp && here.walls.landlock;
/** Pretending to lack something takes seccomp itself. */
const onWalled = walled ? describe : describe.skip;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const told = (lacks: string, walls: string): Record<string, unknown> => {
  const args = [path('../../../support/bare-machine.ts'), lacks, path('told.ts'), walls];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout) as Record<string, unknown>;
};

const OPEN = 'OPEN: this system does not let it be taken away';

onWalled('on a machine without', () => {
  it.each([
    ['unshare', 'seccomp, landlock, no network', 'taken away'],
    ['landlock', 'seccomp, no network', 'taken away'],
    ['seccomp,unshare', 'landlock', OPEN],
    ['seccomp,landlock,unshare', 'none', OPEN],
  ])('%s there stand: %s', (lacks, walls, network) => {
    expect(told(lacks, 'wanted')).toMatchObject({ facts: { walls, 'network of plugins': network }, answer: 2 });
  });

  it.each(['seccomp', 'landlock'])('%s no host starts that requires walls', (lacks) => {
    expect(told(lacks, 'required')).toMatchObject({
      code: 'GRAFT_NO_WALLS',
      message: expect.stringContaining(lacks === 'seccomp' ? 'landlock' : 'seccomp'),
    });
  });

  it('unshare one that requires walls starts', () => {
    expect(told('unshare', 'required')).toMatchObject({ facts: { walls: 'seccomp, landlock, no network' }, answer: 2 });
  });

  it('unshare one that wants no walls has none', () => {
    expect(told('unshare', 'none')).toMatchObject({ facts: { walls: 'none', 'network of plugins': OPEN }, answer: 2 });
  });
});

it('a host takes no other wish than wanted, required and none', () => {
  expect(() => new ProcessMaker({ walls: 'perhaps' as Walls })).toThrow(
    expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }),
  );
});
