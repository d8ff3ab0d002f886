// The rival quickjs: QuickJS compiled to WebAssembly, one runtime and context per heap, in the host's own thread. The
// engine runs inside WebAssembly's memory, so a fault of the engine does not end the host. It interprets, at a tenth to
// a hundredth of the speed of the kinds that use V8.
//
// The interrupt handler is the time-out: QuickJS calls it every few thousand branches, so a built-in that runs long (a
// catastrophic regular expression is the known one) is ended late. A rejection that nobody handles is lost. Nothing is
// shared with the host: a point with columns is refused at install.

import type { QuickJSContext, QuickJSHandle, QuickJSSyncVariant, QuickJSWASMModule } from 'quickjs-emscripten-core';
import {
  type CompartmentSource,
  type Direct,
  type Ending,
  engineFailure,
  HeapMaker,
  LONG,
  loaded,
  memoryFailure,
  REALM_FILENAME,
  RealmHeap,
  realmScript,
  STEP_TEXT,
  setupOf,
} from '../../src/plugins/compartment/index.ts';
import { type Failure, GraftError } from '../../src/plugins/index.ts';

/** Of 1 MB that the module has by itself. */
const STACK_BYTES = 256 * 1024;

/** A text that crosses into QuickJS ends at its first NUL, which a bridge's status may be: it crosses as a letter. */
const STATUS_LETTERS = 'ABC';
const BRIDGE = `((raw) => {
  const { call } = Function.prototype;
  const bind = Function.prototype.bind.bind(call);
  const at = bind(String.prototype.charCodeAt);
  const slice = bind(String.prototype.slice);
  const letter = String.fromCharCode;
  return (accessor, args = '') => {
    const reply = raw(accessor, args);
    return typeof reply !== 'string' || reply === '' ? reply : letter(at(reply, 0) - 65) + slice(reply, 1);
  };
})`;

const OUT_OF_MEMORY = 'out of memory';

/**
 * QuickJS itself, with WebAssembly memory of its own. Each plugin has one, so that a fault of the engine is confined to
 * one plugin.
 */
class Engine {
  module: QuickJSWASMModule;

  constructor(module: QuickJSWASMModule) {
    this.module = module;
  }

  /**
   * The engine has found its own state broken, as `JSON.parse` of a deeply nested text leaves it. A new one takes its
   * place, a few milliseconds later.
   */
  renew(): void {
    newModule().then(
      (module) => {
        this.module = module;
      },
      () => {}, // The old one goes on.
    );
  }
}

/** What the engine prints when it aborts is thrown as well. */
const SILENT = { printErr: (): void => {} } as object;

/** The engine is loaded with the first plugin. */
const newModule = async (): Promise<QuickJSWASMModule> => {
  const { newQuickJSWASMModuleFromVariant, newVariant } = await import('quickjs-emscripten-core');
  const { default: variant } = await import('@jitl/quickjs-wasmfile-release-sync');
  return newQuickJSWASMModuleFromVariant(
    newVariant(variant as unknown as QuickJSSyncVariant, { emscriptenModule: SILENT }),
  );
};

class QuickJsHeap extends RealmHeap {
  readonly #engine: Engine;
  readonly #context: QuickJSContext;
  readonly #step: QuickJSHandle;

  constructor(engine: Engine, source: CompartmentSource) {
    super();
    this.#engine = engine;
    const runtime = engine.module.newRuntime({
      memoryLimitBytes: source.memory_mb * 2 ** 20,
      maxStackSizeBytes: STACK_BYTES,
    });
    this.#context = runtime.newContext();
    this.#step = this.#prepare(JSON.stringify(setupOf(source)));
    runtime.setInterruptHandler(() => this.#interrupts());
  }

  #interrupts(): boolean {
    if (this.clock.own_ms() >= this.clock.limit_ms) this.late = true;
    return this.late;
  }

  #prepare(setup: string): QuickJSHandle {
    const context = this.#context;
    const raw = context.newFunction('bridge', (index, args) => {
      const reply = this.hostCall(context.getNumber(index), context.getString(args));
      if (typeof reply !== 'string') return this.#handleOf(reply);
      return context.newString(reply === '' ? '' : STATUS_LETTERS[reply.charCodeAt(0)] + reply.slice(1));
    });
    const outside = context.newFunction('outside', (what, which, told) => {
      const text = told === undefined ? undefined : context.getString(told);
      return context.newString(this.outside(context.getNumber(what), context.dump(which) as string | number, text));
    });
    const wrap = context.unwrapResult(context.evalCode(BRIDGE));
    const bridge = context.unwrapResult(context.callFunction(wrap, context.undefined, raw));
    const prepare = context.unwrapResult(context.evalCode(realmScript(), REALM_FILENAME));
    const text = context.newString(setup);
    const step = context.unwrapResult(context.callFunction(prepare, context.undefined, bridge, outside, text));
    for (const handle of [raw, outside, wrap, bridge, prepare, text]) handle.dispose();
    return step;
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    const answer = this.#take(step, graft, input);
    return answer === LONG ? (this.#take(STEP_TEXT, 0, null) as string) : (answer as Direct | string);
  }

  /** Takes a step and drains the promises. */
  #take(step: number, graft: number, input: Direct | string): unknown {
    const context = this.#context;
    const args = [context.newNumber(step), context.newNumber(graft), this.#handleOf(input)];
    const result = context.callFunction(this.#step, context.undefined, args);
    for (const handle of args) handle.dispose();
    const answer = context
      .unwrapResult(result)
      .consume((handle) => (step === STEP_TEXT ? this.#textIn(handle) : context.dump(handle)));
    if (context.runtime.hasPendingJob()) {
      const drained = context.runtime.executePendingJobs();
      if (drained.error) drained.error.dispose();
    }
    return answer;
  }

  #handleOf(input: Direct | string): QuickJSHandle {
    const context = this.#context;
    if (typeof input === 'string') return context.newString(input);
    if (typeof input === 'number') return context.newNumber(input);
    return input === null ? context.null : input ? context.true : context.false;
  }

  /** The text in an array of one. */
  #textIn(handle: QuickJSHandle): string {
    return this.#context.getProp(handle, 0).consume((text) => this.#context.getString(text));
  }

  /**
   * The failure that an error of a step means. A step throws nothing by itself: the interrupt handler ended it, or the
   * engine had no memory to go on with.
   */
  protected override explain(error: unknown): Failure {
    return engineFailure(error);
  }

  /** QuickJS throws when memory ends; a graft that throws such an error itself gains nothing by it. */
  protected override ending(answer: Direct | string): Ending {
    const ending = super.ending(answer);
    if (ending.kind !== 'failed' || ending.failure.message !== OUT_OF_MEMORY) return ending;
    return { ...ending, failure: memoryFailure() };
  }

  override dispose(): void {
    const { runtime } = this.#context;
    try {
      this.#step.dispose();
      this.#context.dispose();
      runtime.dispose();
    } catch {
      this.#engine.renew();
    }
  }
}

/** Hosts plugins in QuickJS, in the calling thread. Each plugin has an engine of its own. */
export const quickJsMaker = (): HeapMaker =>
  new HeapMaker('quickjs', async (source) => {
    if (source.grafts.some((graft) => graft.columns.length > 0))
      throw new GraftError('GRAFT_INSTALL_FAILED', `${source.plugin}: QuickJS shares no columns with its host`);
    const engine = new Engine(await newModule());
    return () => loaded(() => new QuickJsHeap(engine, source), source);
  });
