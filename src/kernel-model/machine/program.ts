// Programs written as generators, such as the experiments' applications. The body talks to the machine through `user`,
// always by `yield*`:
//
//   new GeneratorProgram(function* (user) {
//     yield* user.compute(1000);                     cycles
//     yield* user.store(0x1000, 7);                  a byte; page faults are served and the store repeated
//     const text = yield* user.call('read', 3, 0);   a system call, and its answer
//   })

import type { Cpu, Program, Trap } from './cpu.ts';

/** A stretch of a program: it yields its traps, and gives its value. */
export type Steps<Value = void> = Generator<Trap, Value, void>;

export class User {
  readonly #cpu: Cpu;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  /** The machine's time, as a program would read it from a counter of cycles. */
  get now_us(): number {
    return this.#cpu.events.now_us;
  }

  *compute(cycles: number): Steps {
    for (let left = this.#cpu.compute(cycles); left > 0; left = this.#cpu.compute(left)) yield 'interrupt';
    if (this.#cpu.over) yield 'interrupt';
  }

  *touch(page: number, write = false): Steps {
    while (!this.#cpu.touch(page, write)) yield 'page-fault';
    if (this.#cpu.over) yield 'interrupt';
  }

  *load(address: number): Steps<number> {
    let byte = this.#cpu.load(address);
    for (; byte < 0; byte = this.#cpu.load(address)) yield 'page-fault';
    if (this.#cpu.over) yield 'interrupt';
    return byte;
  }

  *store(address: number, byte: number): Steps {
    while (!this.#cpu.store(address, byte)) yield 'page-fault';
    if (this.#cpu.over) yield 'interrupt';
  }

  *call(name: string, ...args: unknown[]): Steps<unknown> {
    this.#cpu.call = { name, args };
    yield 'system-call';
    return this.#cpu.result;
  }
}

export class GeneratorProgram implements Program {
  readonly #body: (user: User) => Steps;
  #steps: Steps | null = null;

  constructor(body: (user: User) => Steps) {
    this.#body = body;
  }

  run(cpu: Cpu): Trap {
    this.#steps ??= this.#body(new User(cpu));
    const step = this.#steps.next();
    return step.done === true ? 'exit' : step.value;
  }
}

/** Replays references to pages, one load each: the program of the trace experiments. */
export class ReplayProgram implements Program {
  readonly #pages: Int32Array;
  #at = 0;

  constructor(pages: Int32Array) {
    this.#pages = pages;
  }

  run(cpu: Cpu): Trap {
    const pages = this.#pages;
    let at = this.#at;
    for (; at < pages.length; at++) {
      if (cpu.over || !cpu.touch(pages[at] as number, false)) break;
    }
    this.#at = at;
    if (at === pages.length) return 'exit';
    return cpu.over ? 'interrupt' : 'page-fault';
  }
}
