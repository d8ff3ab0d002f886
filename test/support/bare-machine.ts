// A machine without some of what the walls are made of: what is named is refused, as a kernel without it refuses, to
// this process and all that it starts. `node test/support/bare-machine.ts seccomp,landlock,unshare MODULE`: imports
// MODULE on such a machine.

import { pathToFileURL } from 'node:url';
import { wallsAddon } from '../../src/plugins/compartment/process/walls/addon.ts';
import { filterOf } from '../../src/plugins/compartment/process/walls/filter.ts';
import { type Arch, numberOf } from '../../src/plugins/compartment/process/walls/numbers.ts';
import { ENOSYS, EPERM, type Policy } from '../../src/plugins/compartment/process/walls/policy.ts';
import { filterCalls } from '../../src/plugins/compartment/process/walls/seccomp.ts';
import { openSystem } from '../../src/plugins/compartment/process/walls/system.ts';

const PR_SET_NO_NEW_PRIVS = 38;

const LACKS: Record<string, Policy> = {
  seccomp: { seccomp: { is: 'refused', error: ENOSYS } },
  landlock: { landlock_create_ruleset: { is: 'refused', error: ENOSYS } },
  // As in a container.
  unshare: { unshare: { is: 'refused', error: EPERM } },
};

const [names = '', module = ''] = process.argv.slice(2);
const lacks = names.split(',').map((name) => {
  const policy = LACKS[name];
  if (policy === undefined) throw new Error(`a machine can lack ${Object.keys(LACKS).join(', ')}, not ${name}`);
  return policy;
});
const arch = process.arch as Arch;
const { call, address } = openSystem(wallsAddon() as string);
call(numberOf('prctl', arch), PR_SET_NO_NEW_PRIVS, 1);
const filter = filterOf(Object.assign({}, ...lacks) as Policy, arch, { is: 'allowed' });
if (!filterCalls({ call, address }, arch, filter)) throw new Error('this machine has no seccomp to pretend with');
await import(pathToFileURL(module).href);
