// A host that a test kills: `node killed-host.ts URL OUT STEP`. Every transaction, number n, adds a row, an entry of a
// stored map and a message, all saying n; every second one is followed by an aborted one. Each message that is sent
// becomes a line of OUT, as does nothing else. At the first STEP of the third transaction the process kills itself;
// with the STEP `none` it goes on for ever, and says each number when it has committed.

import { appendFileSync, writeSync } from 'node:fs';
import type { CommitStep } from '../../../src/host/store/index.ts';
import { StateMap, type Transaction } from '../../../src/txn/index.ts';
import { Fixture, patiently } from './fixture.ts';

const [url, out, step] = process.argv.slice(2) as [string, string, CommitStep | 'none'];
let armed = false;

const fixture = await Fixture.at(url, {
  onStep: (at) => {
    if (armed && at === step) process.kill(process.pid, 'SIGKILL');
  },
});
const stored = fixture.store.storedMap('numbers');
const map = new StateMap<string, unknown>({ name: 'numbers', lock_timeout_ms: 1000 }, stored.initial);
stored.attach(map);
const channel = fixture.store.channel('numbers', (id, payload) => appendFileSync(out, `${id} ${payload}\n`));
await fixture.store.resume();
const owners = fixture.store.table('owner');

const begin = async (number: number): Promise<Transaction> => {
  const txn = fixture.begin();
  await patiently(() => owners.insert(txn, { name: `n${number}`, age: Math.abs(number) }));
  const child = txn.begin();
  await patiently(() => stored.touch(child));
  await patiently(() => map.set(child, `n${number}`, number));
  await patiently(() => channel.send(child, number));
  child.commit();
  return txn;
};

const first = (await patiently(() => owners.count(null))) + 1;
for (let number = first; ; number++) {
  armed = number >= first + 2;
  const txn = await begin(number);
  if ((await fixture.committed(txn)) !== null) throw new Error('the commit failed');
  if (step === 'none') writeSync(1, `${number}\n`);
  if (number % 2 === 0) (await begin(-number)).abort();
  await fixture.store.resume();
}
