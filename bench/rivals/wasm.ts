// The rival wasm: the plugin is a WebAssembly module, from any language that compiles to one; it takes no JavaScript. A
// heap is an instance with a memory of its own, of at most the limit. A module has no authority but its imports, and
// numbers cross as they are, so a call costs next to nothing. It runs in the host's own thread and nothing stops it
// there: a loop without end is the host's. (`vm` shows the cost of a time-out; a worker could be ended.) Further
// memories, tables and objects of a module have no limit.
//
// `source.code` is the module, in base64. What it imports and exports:
//
//   memory                import "graftwork" "memory": the memory whose size is limited; it declares the pages it
//                         needs, and no maximum
//   graft_NAME            export (ptr i32, len i32) → i64: the graft NAME. The input is JSON text, UTF-8, in the
//                         memory; so is the answer
//   direct_NAME           export (f64, …) → f64: instead, where the input is a number or a list of as many numbers, and
//                         the answer is a number
//   alloc                 export (size i32) → i32: a place for a text that the host hands over; needed by modules that
//                         take texts
//   column_NAME           export, global i32: where the column NAME of a graft lies. It is copied in before a call, and
//                         out after it
//   an accessor           import "api" "stock.set": (ptr i32, len i32) → i64: takes the JSON text of the list of
//                         arguments. Positive: the answer; negative: minus the place of { code, message }, an error
//                         that the graft may live with
//   refusing              import "graftwork" "refuse": (code ptr i32, len i32, message ptr i32, len i32): does not
//                         return
//
// A text is one i64: its place × 2^32 + its length. A trap ends the call as `thrown`.

import { types } from 'node:util';
import {
  type CompartmentCall,
  type CompartmentSource,
  type Ending,
  Fault,
  failedWith,
  type GraftSource,
  type Heap,
  HeapMaker,
  INVALID,
  installFailed,
  parseJson,
  plainFailure,
  seen,
  toldRefusal,
} from '../../src/plugins/compartment/index.ts';
import { ANSWER_BYTES_MAX, type ColumnMemory, type Failure, GraftError } from '../../src/plugins/index.ts';
import type { Transaction } from '../../src/txn/index.ts';

/** The part of the engine's interface that is used here. */
declare const WebAssembly: {
  readonly compile: (bytes: Uint8Array) => Promise<object>;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly LinkError: ErrorConstructor;
};

const PAGES_PER_MB = 16;
/** Places stay positive as an i32, and a text positive as an i64. */
const PAGES_MAX = 2 ** 15 - 1;
const SHIFT = 32n;
const LENGTH = 0xffff_ffffn;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Native = (...args: number[]) => unknown;

interface Graft {
  readonly rows: boolean;
  readonly run: Native;
  /** Numbers cross as they are. */
  readonly direct: boolean;
  /** A call's accessors by name, as `callAccessor` counts them. */
  readonly accessors: ReadonlyMap<string, number>;
  readonly columns: readonly {
    readonly memory: Uint8Array<SharedArrayBuffer>;
    readonly place: { readonly value: number };
  }[];
}

/** A fault of a module that breaks the rules above. */
const fault = (reason: Failure['reason'], name: string, message: string): Fault =>
  new Fault(plainFailure(reason, name, message));

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** An object of WebAssembly's own looks like an empty one. */
const asNumber = (answer: unknown): number => {
  if (isNumber(answer)) return answer;
  throw fault('invalid-answer', 'InvalidAnswer', 'the answer is no number');
};

class WasmHeap implements Heap {
  principal: string | null = null;
  readonly level = 0;
  within: Transaction | null = null;
  dropped = false;
  running: CompartmentCall | null = null;
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #grafts: readonly Graft[];
  /** The refusal of the running call, beside the error that was thrown for it. */
  #refusal: { readonly thrown: Error; readonly code: string; readonly message: string } | null = null;

  /**
   * Makes an instance. Throws the error of its start function, a LinkError if an import does not fit, and a Fault if a
   * graft is missing.
   */
  constructor(module: object, source: CompartmentSource, initial: number, maximum: number) {
    this.#memory = new WebAssembly.Memory({ initial, maximum });
    const names = new Set(source.grafts.flatMap((graft) => graft.callable));
    const api = Object.fromEntries(
      [...names].map((name) => [name, (at: number, length: number) => this.#accessor(name, at, length)]),
    );
    const graftwork = { memory: this.#memory, refuse: (...said: number[]) => this.#refuse(said) };
    this.#exports = new WebAssembly.Instance(module, { api, graftwork }).exports;
    this.#grafts = source.grafts.map((graft) => this.#graft(graft));
  }

  #graft({ export: name, rows, callable, columns }: GraftSource): Graft {
    const exported = this.#exports[`direct_${name}`] ?? this.#exports[`graft_${name}`];
    if (typeof exported !== 'function')
      throw fault('not-callable', 'NotCallable', `no function direct_${name} or graft_${name}`);
    return {
      run: exported as Native,
      rows: rows === true,
      direct: Object.hasOwn(this.#exports, `direct_${name}`),
      accessors: new Map(callable.map((accessor, index) => [accessor, index])),
      columns: columns.flatMap((column) => this.#column(column)),
    };
  }

  #column({ name, buffer }: ColumnMemory): Graft['columns'] {
    const place = this.#exports[`column_${name}`] as { readonly value: number } | undefined;
    return place === undefined ? [] : [{ memory: new Uint8Array(buffer), place }];
  }

  run(call: CompartmentCall): Ending {
    const begun_ms = performance.now();
    const graft = this.#grafts[call.index] as Graft;
    this.running = call;
    this.#refusal = null;
    try {
      if (graft.columns.length > 0)
        for (const { memory, place } of graft.columns) this.#bytes(place.value, memory.length).set(memory);
      const value = graft.rows
        ? (call.input as readonly unknown[]).map((row) => this.#answer(graft, row))
        : this.#answer(graft, call.input);
      if (graft.columns.length > 0)
        for (const { memory, place } of graft.columns) memory.set(this.#bytes(place.value, memory.length));
      return { kind: 'value', value: call.ignoresAnswer ? null : value, own_ms: performance.now() - begun_ms };
    } catch (error) {
      return this.#threw(error, performance.now() - begun_ms);
    } finally {
      this.running = null;
    }
  }

  #answer({ direct, run }: Graft, input: unknown): unknown {
    return direct ? this.#direct(run, input) : this.#texts(run, input);
  }

  /** Calls a graft with numbers. An answer that is no number is for the invocation to refuse. */
  #direct(run: Native, input: unknown): unknown {
    if (isNumber(input) && run.length === 1) return asNumber(run(input));
    if (!Array.isArray(input) || input.length !== run.length || !input.every(isNumber))
      throw fault('thrown', 'WrongInput', `the graft takes ${run.length} numbers`);
    return asNumber(run(...input));
  }

  #texts(run: Native, input: unknown): unknown {
    const text = this.#write(JSON.stringify(input));
    const value = parseJson(this.#read(run(Number(text >> SHIFT), Number(text & LENGTH))));
    if (value === INVALID) throw fault('invalid-answer', 'InvalidAnswer', 'the answer is no JSON');
    return value;
  }

  #threw(error: unknown, own_ms: number): Ending {
    const refusal = this.#refusal;
    if (refusal !== null && error === refusal.thrown)
      return { kind: 'refused', code: refusal.code, message: refusal.message, own_ms };
    return failedWith(asFailure(error), own_ms);
  }

  /** A view of the memory; a place and a length are unsigned, however an i32 comes out of the module. */
  #bytes(at: number, length: number): Uint8Array {
    const { buffer } = this.#memory;
    if ((at >>> 0) + (length >>> 0) > buffer.byteLength)
      throw fault('thrown', 'OutOfBounds', 'a place that is not in the memory');
    return new Uint8Array(buffer, at >>> 0, length >>> 0);
  }

  /** Hands a text over. */
  #write(text: string): bigint {
    const { alloc } = this.#exports;
    if (typeof alloc !== 'function') throw fault('thrown', 'NoAlloc', 'the module exports no function alloc');
    const bytes = encoder.encode(text);
    const at = Number(alloc(bytes.length)) >>> 0;
    this.#bytes(at, bytes.length).set(bytes);
    return (BigInt(at) << SHIFT) | BigInt(bytes.length);
  }

  #text(at: number, length: number): string {
    if (length >>> 0 > ANSWER_BYTES_MAX) throw fault('thrown', 'TooLong', 'a text that is too long');
    const bytes = this.#bytes(at, length);
    try {
      return decoder.decode(bytes);
    } catch {
      throw fault('thrown', 'NotUtf8', 'a text that is no UTF-8');
    }
  }

  /** What the module gives as a text. */
  #read(text: unknown): string {
    if (typeof text !== 'bigint') throw fault('invalid-answer', 'InvalidAnswer', 'the answer is no i64');
    return this.#text(Number(BigInt.asUintN(64, text) >> SHIFT), Number(text & LENGTH));
  }

  #accessor(name: string, at: number, length: number): bigint {
    const call = this.running;
    if (call === null) throw fault('thrown', 'NoCall', `api.${name}: no call runs`);
    const text = this.#text(at, length);
    let answer: unknown;
    try {
      const index = this.#grafts[call.index]?.accessors.get(name);
      if (index === undefined) throw new GraftError('GRAFT_NEEDS', `${name} is not for this graft`);
      answer = call.callAccessor(index, text) ?? null;
    } catch (error) {
      return -this.#write(JSON.stringify(seen(error)));
    }
    return this.#write(JSON.stringify(answer));
  }

  #refuse([codeAt = 0, codeLength = 0, at = 0, length = 0]: readonly number[]): never {
    const said = toldRefusal({ code: this.#text(codeAt, codeLength), message: this.#text(at, length) });
    const thrown = new Error(said.message);
    this.#refusal = { thrown, ...said };
    throw thrown;
  }

  /** The heap is garbage from here on. */
  dispose(): void {}
}

/**
 * The failure of a thrown value: by this file, by the engine, or by the module, whose exceptions say nothing. Frames
 * are the host's own, so they are left out.
 */
const asFailure = (error: unknown): Failure => {
  if (error instanceof Fault) return error.failure;
  return types.isNativeError(error)
    ? plainFailure('thrown', error.name, error.message)
    : plainFailure('thrown', 'Exception', '');
};

/** Finds the initial pages of the module's memory by trial: the engine only tells that they are too few. */
const instantiated = (module: object, source: CompartmentSource): Heap | Failure => {
  const maximum = Math.min(PAGES_MAX, source.memory_mb * PAGES_PER_MB);
  for (let initial = 1; ; initial *= 2) {
    try {
      return new WasmHeap(module, source, Math.min(initial, maximum), maximum);
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError) || initial >= maximum) return asFailure(error);
    }
  }
};

/** Hosts plugins that are WebAssembly modules, in the calling thread. */
export const wasmMaker = (): HeapMaker =>
  new HeapMaker('wasm', async (source) => {
    const bytes = new Uint8Array(Buffer.from(source.code, 'base64'));
    const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
      throw installFailed(source.plugin, asFailure(error));
    });
    return () => instantiated(module, source);
  });
