// The programs of random kernels: each carries its steps out one after the other, beside a model of what every byte
// that it stored or wrote must be.

import { GeneratorProgram, type Steps, type User } from '../../../src/kernel-model/machine/index.ts';
import { BLOCK, BYTES_PER_THREAD, type Step, type ThreadPlan } from './plan.ts';
import type { World } from './world.ts';

const isError = (answer: unknown, ...allowed: readonly string[]): boolean => {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return false;
  return typeof answer.error === 'string' && (allowed.length === 0 || allowed.includes(answer.error));
};

/** Calls that no program should make; each must be answered with an error, or may be answered where it says so. */
const NONSENSE: readonly { readonly call: readonly [string, ...unknown[]]; readonly may?: boolean }[] = [
  { call: ['no such call'] },
  { call: [''] },
  { call: ['open', 5] },
  { call: ['open', ''], may: true },
  { call: ['open', 'd/x/y/z'] },
  { call: ['create', ''] },
  { call: ['create', '/'] },
  { call: ['create', 'x'.repeat(60)] },
  { call: ['create', '\ud800'] },
  { call: ['create', 'no/such/place'] },
  { call: ['create', 'huge', 2 ** 50] },
  { call: ['create', 'negative', -1] },
  { call: ['mkdir', 'd'], may: true },
  { call: ['create', 'd/x', 10], may: true },
  { call: ['read', -1, 0, 1] },
  { call: ['read', 1e9, 0, 1] },
  { call: ['write', 1, 'x', null] },
  { call: ['close', null] },
  { call: ['stream', 12_345] },
  { call: ['put', 3, 'text'] },
  { call: ['get', {}, 1] },
  { call: ['map', -1, 2] },
  { call: ['map', 2 ** 30, 1] },
  { call: ['map', 0, 2 ** 30] },
  { call: ['map', 900, 0] },
  { call: ['sleep', Number.NaN] },
  { call: ['sleep', 2 ** 52] },
  { call: ['receive', 7] },
  { call: ['request', null, 1] },
  { call: ['reply', 3, -1], may: true },
  { call: ['poll', 1e6] },
  { call: ['lock', null] },
  { call: ['set_shared', 'a', 'text'] },
];

interface Slot {
  readonly id: number;
  readonly name: string;
  position: number;
}

const FILE_STEPS: readonly Step['do'][] = [
  'create',
  'open',
  'claim',
  'read',
  'write',
  'close',
  'stream',
  'put',
  'get',
  'sync',
  'list',
];

class Runner {
  readonly #world: World;
  readonly #index: number;
  readonly #user: User;
  readonly #bytes = new Map<number, number>();
  readonly #files: (Slot | null)[] = [null, null, null];
  readonly #streams: (Slot | null)[] = [null, null];
  #posted = -1;

  constructor(world: World, index: number, user: User) {
    this.#world = world;
    this.#index = index;
    this.#user = user;
  }

  *run({ steps }: ThreadPlan): Steps {
    const thread = this.#world.threads[this.#index];
    for (const step of steps) {
      this.#world.counts.steps++;
      this.#world.steps.set(thread?.id ?? 0, step.do);
      if (step.do === 'exit') return;
      if (FILE_STEPS.includes(step.do)) yield* this.#file(step);
      else yield* this.#other(step);
    }
  }

  #check(holds: boolean, message: () => string): void {
    if (!holds) this.#world.fail(`thread ${this.#world.threads[this.#index]?.id}: ${message()}`);
  }

  #address(page: number, at: number): number {
    return page * BLOCK + this.#index * BYTES_PER_THREAD + at;
  }

  *#other(step: Step): Steps {
    const user = this.#user;
    switch (step.do) {
      case 'store': {
        const address = this.#address(step.page, step.at);
        yield* user.store(address, step.byte);
        this.#bytes.set(address, step.byte);
        return;
      }
      case 'load': {
        const address = this.#address(step.page, step.at);
        const byte = yield* user.load(address);
        this.#world.counts.bytes_checked++;
        return this.#check(
          byte === (this.#bytes.get(address) ?? 0),
          () => `byte ${address} is ${byte}, not ${this.#bytes.get(address) ?? 0}`,
        );
      }
      case 'touch':
        return yield* user.touch(step.page, step.write);
      case 'sweep':
        for (let i = 0; i < step.times; i++)
          for (let page = 0; page < step.count; page++) yield* user.touch(step.first + page);
        return;
      case 'compute':
        return yield* user.compute(step.cycles);
      case 'violate':
        this.#world.counts.segmentation_violations++;
        return yield* user.touch(2 ** 19, true);
      case 'remove': {
        const { plugins } = this.#world.kernel;
        if (plugins.has(`p${step.plugin}`)) plugins.remove(`p${step.plugin}`, step.now);
        return;
      }
      default:
        return yield* this.#call(step);
    }
  }

  *#call(step: Step): Steps {
    const user = this.#user;
    switch (step.do) {
      case 'map':
        return void (yield* this.#answered(user.call('map', step.first, step.pages, step.writable)));
      case 'sleep':
        return void (yield* this.#answered(user.call('sleep', step.us)));
      case 'lock':
        return void (yield* this.#answered(user.call('lock', step.name)));
      case 'get_shared':
        return void (yield* this.#answered(user.call('get_shared', step.name)));
      case 'set_shared':
        return void (yield* this.#answered(user.call('set_shared', step.name, step.value)));
      case 'nonsense': {
        const { call, may } = NONSENSE[step.which % NONSENSE.length] as (typeof NONSENSE)[number];
        const answer = yield* this.#answered(user.call(...call));
        return this.#check(
          may === true || isError(answer),
          () => `${String(call[0])} was answered ${JSON.stringify(answer)}`,
        );
      }
      case 'request':
      case 'post':
      case 'receive':
      case 'poll':
        return yield* this.#message(step);
      default:
        return void (yield* this.#answered(user.call(step.do)));
    }
  }

  *#answered(call: Steps<unknown>): Steps<unknown> {
    const answer = yield* call;
    if (!isError(answer)) return answer;
    const { calls_failed } = this.#world.counts;
    const { error } = answer as { error: string };
    calls_failed[error] = (calls_failed[error] ?? 0) + 1;
    return answer;
  }

  *#message(step: Step): Steps {
    const user = this.#user;
    if (step.do === 'post') this.#posted = (yield* user.call('post', step.port, 7)) as number;
    if (step.do === 'poll') yield* this.#answered(user.call('poll', this.#posted));
    if (step.do === 'request') {
      const answer = yield* user.call('request', step.port, this.#index);
      this.#check(
        answer === this.#index + 1 || answer === -1,
        () => `asked with ${this.#index}, answered ${String(answer)}`,
      );
    }
    if (step.do !== 'receive') return;
    const letter = (yield* user.call('receive', step.port)) as { id: number; value: number };
    yield* user.call('reply', letter.id, letter.value + 1);
  }

  *#file(step: Step): Steps {
    const user = this.#user;
    if (this.#world.plan.disk === 'none')
      return this.#check(isError(yield* user.call('open', 'x'), 'not-mounted'), () => 'a file without a disk');
    switch (step.do) {
      case 'create':
        return yield* this.#create(step.name, step.size);
      case 'claim': {
        const answer = yield* this.#answered(user.call('create', step.name, 3));
        if (isError(answer, 'exists', 'no-space')) return;
        this.#check(answer === null && !this.#world.claimed.has(step.name), () => `${step.name} was made twice`);
        this.#world.claimed.add(step.name);
        this.#world.files.set(step.name, new Uint8Array(3));
        return;
      }
      case 'open':
        return yield* this.#open(step.name);
      case 'read':
      case 'write': {
        const file = this.#files[step.file] ?? null;
        if (file === null) return;
        if (step.do === 'read')
          return void (yield* this.#read(
            file.name,
            step.offset,
            step.length,
            user.call('read', file.id, step.offset, step.length),
          ));
        const data = this.#data(step.length);
        return void (yield* this.#write(file.name, step.offset, data, user.call('write', file.id, step.offset, data)));
      }
      case 'put':
      case 'get':
        return yield* this.#pass(step, this.#streams[step.stream] ?? null);
      case 'close':
      case 'stream':
        return yield* this.#useFile(step);
      default:
        return void (yield* this.#answered(step.do === 'list' ? user.call('list', '') : user.call('sync')));
    }
  }

  *#create(name: string, size: number): Steps {
    const answer = yield* this.#answered(this.#user.call('create', name, size));
    if (this.#world.files.has(name)) return this.#check(isError(answer, 'exists'), () => `${name} was made again`);
    if (isError(answer, 'no-space')) return;
    this.#check(answer === null, () => `create ${name}: ${JSON.stringify(answer)}`);
    this.#world.files.set(name, new Uint8Array(size));
  }

  *#open(name: string): Steps {
    const answer = yield* this.#answered(this.#user.call('open', name));
    if (!this.#world.files.has(name)) return this.#check(isError(answer, 'not-found'), () => `${name} was opened`);
    if (isError(answer, 'limit')) return;
    this.#check(typeof answer === 'number', () => `open ${name}: ${JSON.stringify(answer)}`);
    const at = Math.max(0, this.#files.indexOf(null));
    this.#files[at] = { id: answer as number, name, position: 0 };
  }

  *#useFile(step: Step & { readonly do: 'close' | 'stream' }): Steps {
    const file = this.#files[step.file] ?? null;
    if (file === null) return;
    const answer = yield* this.#answered(this.#user.call(step.do, file.id));
    if (step.do === 'close') {
      this.#files[step.file] = null;
      return;
    }
    if (typeof answer === 'number')
      this.#streams[this.#streams[0] === null ? 0 : 1] = { id: answer, name: file.name, position: 0 };
  }

  *#pass(step: Step & { readonly do: 'put' | 'get' }, stream: Slot | null): Steps {
    if (stream === null) return;
    if (step.do === 'get') {
      const size = this.#world.files.get(stream.name)?.length ?? 0;
      const got = Math.max(0, Math.min(step.length, size - stream.position));
      if (
        !(yield* this.#read(stream.name, stream.position, step.length, this.#user.call('get', stream.id, step.length)))
      )
        return;
      stream.position += got;
      return;
    }
    const data = this.#data(step.length);
    if (yield* this.#write(stream.name, stream.position, data, this.#user.call('put', stream.id, data)))
      stream.position += data.length;
  }

  #data(length: number): Uint8Array {
    const salt = this.#world.counts.steps;
    return Uint8Array.from({ length }, (_, i) => (i * 7 + salt) & 255);
  }

  /** Compares what is read; false where the file or stream was closed meanwhile. */
  *#read(name: string, offset: number, length: number, call: Steps<unknown>): Steps<boolean> {
    const answer = yield* this.#answered(call);
    if (isError(answer, 'no such open file', 'no such stream')) return false;
    const expected = (this.#world.files.get(name) as Uint8Array).subarray(offset, offset + length);
    this.#world.counts.bytes_checked += expected.length;
    this.#check(
      answer instanceof Uint8Array && Buffer.compare(answer, expected) === 0,
      () => `${name}: ${length} bytes at ${offset} are wrong`,
    );
    return true;
  }

  *#write(name: string, offset: number, data: Uint8Array, call: Steps<unknown>): Steps<boolean> {
    const answer = yield* this.#answered(call);
    if (isError(answer, 'no-space', 'no such open file', 'no such stream')) return false;
    this.#check(
      answer === data.length,
      () => `${name}: writing ${data.length} bytes was answered ${JSON.stringify(answer)}`,
    );
    const before = this.#world.files.get(name) as Uint8Array;
    const after = new Uint8Array(Math.max(before.length, offset + data.length));
    after.set(before);
    after.set(data, offset);
    this.#world.files.set(name, after);
    return true;
  }
}

/** The program of a plan's thread. */
export const programOf = (worldOf: () => World, index: number, plan: ThreadPlan): GeneratorProgram =>
  new GeneratorProgram((user) => new Runner(worldOf(), index, user).run(plan));
