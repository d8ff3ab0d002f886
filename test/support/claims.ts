// What each kind of compartment claims, in one table: the conformance suite tries it, and docs/compartments.md is
// generated from it.

import type { AnyKind } from '../../bench/rivals/index.ts';

export interface Claims {
  readonly kind: AnyKind;
  readonly takes: 'javascript' | 'wasm';
  /** A graft may call an accessor that waits. */
  readonly waits: boolean;
  /**
   * `async` grafts: their promises drain before the answer leaves, are no answer, are refused at load, or there are
   * none in the language.
   */
  readonly promises: 'drained' | 'no answer' | 'refused' | 'none';
  /**
   * What comes of a rejection that nobody handles: it aborts its call, it is lost, or it is the host's own, which ends
   * a process that is not prepared.
   */
  readonly rejections: 'abort' | 'lost' | "the host's" | 'none';
  /** The next call after an abort finds the plugin's own variables as its module made them. */
  readonly freshHeap: boolean;
  /**
   * What accessors get, checked on the host's side: parsed there from text; copied there as it is checked; or the
   * graft's own objects, as they were when they were checked.
   */
  readonly args: 'parsed' | 'copied' | 'shared';
  /** What a graft does to its input, the host does not see. */
  readonly copiesInput: boolean;
  /** A graft finds nothing of the host in its global object. */
  readonly scrubbed: boolean;
  /** No way that is known leads from a graft to the realm or the modules of the program around it. */
  readonly contained: boolean;
  /** A graft finds the web's API in its global object (src/plugins/compartment/realm/web). */
  readonly web: boolean;
  /** A graft finds proxies in its global object. */
  readonly proxies: boolean;
  /** The author's file and line of an error are known. */
  readonly places: boolean;
  /** Grafts run in the host's thread. */
  readonly inThread: boolean;
  /** A graft has the columns of its point: over memory shared with its host, or copied before and after a call. */
  readonly columns: 'shared' | 'copied' | null;
  /** What holds the limit on memory; null: nothing does, and nobody can try it. */
  readonly memory: string | null;
  /** What holds the limit on own time, whatever runs; null: nothing does. */
  readonly cpu: string | null;
  /** The host survives what ends the engine. */
  readonly survives: boolean;
  /** What a graft can reach, in words. */
  readonly authority: string;
  readonly purpose: string;
}

const NOTHING = {
  takes: 'javascript',
  waits: false,
  args: 'shared',
  freshHeap: false,
  copiesInput: false,
  scrubbed: false,
  contained: false,
  web: false,
  proxies: true,
  places: false,
  inThread: true,
  columns: 'shared',
  memory: null,
  cpu: null,
  survives: false,
} as const;
const CLOSED = {
  ...NOTHING,
  args: 'parsed',
  freshHeap: true,
  copiesInput: true,
  scrubbed: true,
  contained: true,
  places: true,
} as const;

export const CLAIMS: readonly Claims[] = [
  {
    ...NOTHING,
    kind: 'direct',
    promises: 'no answer',
    rejections: "the host's",
    authority: "all of the host's",
    purpose: "the unsafe path of every measurement; one's own code",
  },
  {
    ...CLOSED,
    kind: 'vm',
    web: true,
    promises: 'drained',
    rejections: "the host's",
    contained: false,
    cpu: "node:vm's time-out, which may end an accessor half way",
    authority: 'a scrubbed context, and known ways out: `import()`, the memory of columns',
    purpose: 'a rival to measure against',
  },
  {
    ...CLOSED,
    kind: 'ses',
    web: true,
    args: 'copied',
    promises: 'no answer',
    rejections: "the host's",
    authority: 'a SES Compartment, hardened',
    purpose: 'reviewed code; the browser',
  },
  {
    ...CLOSED,
    kind: 'metered',
    args: 'copied',
    promises: 'refused',
    rejections: 'none',
    proxies: false,
    cpu: 'fuel: deterministic, and can be preempted',
    authority: 'as ses',
    purpose: 'kernel policies; software fault isolation',
  },
  {
    ...CLOSED,
    kind: 'isolate',
    web: true,
    promises: 'drained',
    rejections: 'abort',
    memory: "the engine's limit",
    cpu: 'a watching thread',
    authority: 'a scrubbed realm of its own',
    purpose: 'low latency, semi-trusted code',
  },
  {
    ...CLOSED,
    kind: 'quickjs',
    web: true,
    promises: 'drained',
    rejections: 'lost',
    places: false,
    columns: null,
    memory: "the engine's limit",
    cpu: "the engine's interrupts",
    survives: true,
    authority: 'a scrubbed realm of another engine',
    purpose: 'a rival to measure against; rare calls of unknown code',
  },
  {
    ...CLOSED,
    kind: 'wasm',
    takes: 'wasm',
    promises: 'none',
    rejections: 'none',
    proxies: false,
    places: false,
    columns: 'copied',
    memory: 'the size of the memory it is given; none on what it makes itself',
    authority: 'its imports',
    purpose: 'a rival to measure against; arithmetic that ends',
  },
  {
    ...CLOSED,
    kind: 'worker',
    web: true,
    promises: 'drained',
    rejections: 'lost',
    waits: true,
    contained: false,
    inThread: false,
    memory: "the engine's limit",
    cpu: "the host's clock, and the thread's termination",
    authority: 'a scrubbed context in an emptied worker, and known ways out: `import()`, the memory of columns',
    purpose: 'a rival to measure against',
  },
  {
    ...CLOSED,
    kind: 'process',
    web: true,
    promises: 'drained',
    rejections: 'abort',
    waits: true,
    inThread: false,
    columns: null,
    memory: "the engine's limit, and a resident-set limit",
    cpu: "the host's watch on processor time: SIGKILL",
    survives: true,
    authority:
      "as isolate; time zone and locale for environment, Node's permission model; no system call but for computing, " +
      'no file and no network, where the system can take them away',
    purpose: "third-party code: the host's default",
  },
];

const yes = (claim: boolean): string => (claim ? 'yes' : 'no');

const HEAD = [
  'kind',
  'takes',
  'memory limit',
  'CPU limit',
  'authority',
  "survives the engine's death",
  'waits',
  'promises',
  'unhandled rejections',
  'arguments, checked by the host',
  'fresh heap',
  "the web's API",
  'columns',
  'for',
];

const rowOf = (claims: Claims): string[] => [
  `\`${claims.kind}\``,
  claims.takes === 'wasm' ? 'WebAssembly' : 'JavaScript',
  claims.memory ?? 'none',
  claims.cpu ?? 'none',
  claims.authority,
  yes(claims.survives),
  yes(claims.waits),
  claims.promises,
  claims.rejections,
  claims.args,
  yes(claims.freshHeap),
  yes(claims.web),
  claims.columns ?? 'none',
  claims.purpose,
];

/** The claims as a table in Markdown. */
export const claimsTable = (): string =>
  [HEAD, HEAD.map(() => '---'), ...CLAIMS.map(rowOf)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** What a kind claims. */
export const claimsOf = (kind: AnyKind): Claims => CLAIMS.find((claims) => claims.kind === kind) as Claims;
