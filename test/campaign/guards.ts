// Random sequences of what can happen to a guard (failures, restarts, upgrades, removals, dismissals, a machine on
// which it cannot be loaded), against a model of three states. What it keeps out never passes while it stands or is
// missing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type Host, type HostPoint } from '../../src/host/index.ts';
import { type CompartmentMaker, IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { GraftError } from '../../src/plugins/index.ts';
import { Random } from '../support/random.ts';

/** `none`: nobody was ever installed, or the guard was dismissed. */
type Guard = 'standing' | 'missing' | 'none';

const guard = (version: string, code: string) => ({
  manifest: { name: 'guard', version, graftwork: { api: 1, grafts: [{ point: 'shop/guard', export: 'g' }] } },
  files: { 'index.js': code },
});
const GOOD = `import { refuse } from 'graftwork/sdk';
export const g = (cart) => {
  if (cart.bad) throw new Error('bad');
  if (cart.kept) refuse('kept', 'out');
  return cart;
};`;
const BROKEN = `throw new Error('does not load'); export const g = (cart) => cart;`;

/** What happens, one step after the other; `failing` is a start of a machine on which nothing can be loaded. */
const STEPS = [
  'kept',
  'bad',
  'good',
  'install',
  'broken',
  'remove',
  'forget',
  'dismiss',
  'restart',
  'failing',
] as const;
type Step = (typeof STEPS)[number];

/** The status of a call with `input`, as the model has it. */
const statusOf = (state: Guard, input: 'kept' | 'bad' | 'good'): string => {
  if (state === 'missing') return 'denied';
  if (state === 'none') return 'default';
  return { kept: 'refused', bad: 'denied', good: 'committed' }[input];
};

class Shop {
  readonly #folder = mkdtempSync(join(tmpdir(), 'guards-'));
  readonly #restores: boolean;
  #host!: Host;
  #point!: HostPoint<unknown, unknown>;
  #state: Guard = 'none';
  /** Whether the registry has the plugin, with its graft not removed. */
  #isKept = false;
  #isListed = false;
  /** Whether the version before stands aside, and takes the place again of one that fails. */
  #hasPrevious = false;
  #version = 0;

  /** `restores` false: a broken twin, which forgets what an earlier start knew. */
  constructor(restores: boolean) {
    this.#restores = restores;
  }

  async open(isFailing = false): Promise<void> {
    const maker = new IsolateMaker();
    const failing: CompartmentMaker = {
      kind: 'isolate',
      waits: false,
      load: () => Promise.reject(new GraftError('GRAFT_INSTALL_FAILED', 'nothing can be loaded')),
      close: () => maker.close(),
    };
    this.#host = await createHost({
      store: 'memory',
      report: () => {},
      compartment: isFailing ? failing : maker,
      ...(this.#restores ? { registry: join(this.#folder, 'registry.db') } : {}),
    });
    this.#point = this.#host.graftPoint({ name: 'shop/guard', kind: 'chain', onFault: 'deny' });
  }

  async close(): Promise<void> {
    await this.#host.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Takes a step. Gives what is wrong after it, or null. */
  async take(step: Step): Promise<string | null> {
    switch (step) {
      case 'install':
        if (await this.#install(GOOD)) this.#stands();
        break;
      case 'broken':
        await this.#install(BROKEN);
        break;
      case 'remove':
      case 'forget':
        await this.#remove(step === 'forget');
        break;
      case 'dismiss':
        if (this.#state === 'missing') {
          this.#host.dismiss('shop/guard');
          this.#state = 'none';
        }
        break;
      case 'restart':
      case 'failing':
        return this.#restart(step === 'failing');
      default:
        return this.#call(step);
    }
    return this.#call('kept');
  }

  /** Whether that went well. */
  #install(code: string): Promise<boolean> {
    const installed = this.#host.install(guard(`1.0.${++this.#version}`, code));
    return installed.then(
      () => true,
      () => false,
    );
  }

  #stands(): void {
    this.#hasPrevious = this.#state === 'standing';
    this.#state = 'standing';
    this.#isKept = true;
    this.#isListed = true;
  }

  async #remove(dismiss: boolean): Promise<void> {
    if (!this.#isListed) return;
    await this.#host.remove('guard', { dismiss });
    this.#hasPrevious = false;
    if (this.#state === 'standing') this.#state = 'missing';
    if (dismiss) this.#state = 'none';
    this.#isKept = false;
    this.#isListed = false;
  }

  /** Before plugins are restored a guard that is expected is missing; afterwards it stands, where it can be loaded. */
  async #restart(isFailing: boolean): Promise<string | null> {
    await this.#host.close();
    await this.open(isFailing);
    const before = this.#state;
    this.#hasPrevious = false;
    if (this.#isKept) this.#state = 'missing';
    const early = await this.#call('kept');
    await this.#host.restore();
    this.#isListed = this.#isKept && !isFailing;
    if (this.#isKept) this.#state = isFailing ? 'missing' : 'standing';
    else if (before !== 'none') this.#state = 'missing';
    return early ?? (await this.#call('kept'));
  }

  async #call(what: 'kept' | 'bad' | 'good'): Promise<string | null> {
    const { status } = await this.#point.invoke({ [what]: true });
    const expected = statusOf(this.#state, what);
    if (what === 'bad' && this.#state === 'standing') {
      this.#state = this.#hasPrevious ? 'standing' : 'missing';
      this.#isKept = this.#hasPrevious;
      this.#hasPrevious = false;
    }
    return status === expected ? null : `a cart that is ${what} was ${status}, not ${expected}`;
  }
}

/** Runs `sequences` of random steps. Gives the first violation, with its seed and steps, or null. */
export const guardSequences = async (
  sequences: number,
  seed: number,
  progress: (text: string) => void,
  restores = true,
): Promise<string | null> => {
  for (let n = 0; n < sequences; n++) {
    const random = new Random(seed * 1_000_003 + n);
    const shop = new Shop(restores);
    await shop.open();
    const steps: Step[] = ['install'];
    while (steps.length < 10) steps.push(random.pick(STEPS));
    for (const [at, step] of steps.entries()) {
      const wrong = await shop.take(step);
      if (wrong !== null) {
        await shop.close();
        return `seed ${seed}, sequence ${n}, ${steps.slice(0, at + 1).join(' ')}: ${wrong}`;
      }
    }
    await shop.close();
    if (n % 500 === 499) progress(`${n + 1} sequences`);
  }
  return null;
};
