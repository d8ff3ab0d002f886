// The state of a kernel, as far as a graft can reach it: a text for each part, equal if the part is. An abort must
// leave all of them as they were (transaction law 1). Changes of threads meanwhile do not count: the locks of their own
// transactions are no part of it.

import type { Kernel, OpenFile, Stream } from 'graftwork/kernel-model';
import type { Account, Lock, Tree } from 'graftwork/txn';
import { hashBytes } from '../report/index.ts';

/** Parts of the kernel that are compared besides those that it lists itself. */
export interface Watched {
  readonly kernel: Kernel;
  readonly file: OpenFile;
  readonly stream: Stream;
  /** The plugin's name. */
  readonly plugin: string;
}

export const PARTS = [
  'page queue',
  'frames',
  'pages',
  'shared map',
  'priorities',
  'wires',
  'locks',
  'accounts',
  'files',
] as const;
export type Part = (typeof PARTS)[number];
export type KernelState = Readonly<Record<Part, string>>;

const queueOf = ({ memory }: Kernel): string =>
  [memory.queue.hand, ...memory.frames.owner.map((_, place) => memory.queue.frameAt(place))].join();

const framesOf = ({ memory }: Kernel): string =>
  memory.frames.owner.map((owner, frame) => `${owner?.id ?? ''}:${memory.frames.page[frame]}`).join();

/** Page tables with all their bits, and where pages lie that were written out. */
const pagesOf = ({ spaces }: Kernel): string =>
  [...spaces.values()]
    .map(({ id, regions, table, swapped, resident }) => {
      const entries = regions.flatMap(({ first, pages }) =>
        Array.from({ length: pages }, (_, i) => table.get(first + i)),
      );
      return `${id} ${resident} ${entries.join()} ${[...swapped].join()}`;
    })
    .join('\n');

const holders = ({ owner, others }: Lock): Tree[] => [...(owner === null ? [] : [owner]), ...(others ?? [])];

const accountsOf = ({ kernel, plugin }: Watched): Account[] => [
  kernel.treasury,
  ...[...kernel.threads.values()].map(({ account }) => account),
  kernel.account(plugin),
];

/** Locks that a graft can take, with their holders. */
const locksOf = (watched: Watched): string[] => {
  const { accessors, list, memory, threads } = watched.kernel;
  const own = new Set([...threads.values()].map(({ txn }) => txn?.tree));
  const all: Lock[] = [
    ...accessors.locks.all(),
    ...accessors.shared.entries.values(),
    list.lock,
    memory.lock,
    watched.file.announced,
    ...[...threads.values()].map(({ lock }) => lock),
    ...memory.frames.wirable.flatMap((page) => (page === null ? [] : [page.lock])),
    ...accountsOf(watched).map(({ lock }) => lock),
  ];
  return all.flatMap((lock) => (holders(lock).some((tree) => !own.has(tree)) ? [lock.name] : []));
};

const wiresOf = (watched: Watched): string => {
  const accounts = accountsOf(watched);
  return watched.kernel.memory.frames.wirable
    .map((page) => page?.payers.map((payer) => accounts.indexOf(payer)).join('+') ?? '')
    .join();
};

/** The units of each account; of calls' units, which may be spent for good, only that none is held and none is lost. */
const balancesOf = (watched: Watched): string => {
  const { free, held, spent } = watched.kernel.calls.treasury;
  const calls = free.map((units, i) => `${units + (spent[i] as number)}/${held[i]}`);
  return [...accountsOf(watched).map((one) => [one.free, one.held, one.spent].join('/')), ...calls].join('\n');
};

/** The state as it is now. Takes no emulated time. */
export const stateOf = (watched: Watched): KernelState => {
  const { kernel, file, stream } = watched;
  return {
    'page queue': queueOf(kernel),
    frames: framesOf(kernel),
    pages: pagesOf(kernel),
    'shared map': JSON.stringify([...kernel.accessors.shared.peekEntries()]),
    priorities: [...kernel.threads.values()].map(({ id, priority }) => `${id}:${priority}`).join(),
    wires: wiresOf(watched),
    locks: locksOf(watched).join(),
    accounts: balancesOf(watched),
    files: [
      file.inode.size,
      file.inode.extents.map(({ start, count }) => `${start}+${count}`),
      stream.position,
      hashBytes(stream.buffer),
    ].join(),
  };
};

/** Parts that differ. */
export const differences = (before: KernelState, after: KernelState): Part[] =>
  PARTS.filter((part) => before[part] !== after[part]);

/** Everything that is left behind when all threads have ended, in words; empty: nothing. */
export const leftovers = (watched: Watched): string[] => {
  const { kernel, plugin } = watched;
  const { held } = kernel.treasury;
  return [
    ...(kernel.calls.transactions.active > 0 ? [`${kernel.calls.transactions.active} transactions`] : []),
    ...(kernel.accessors.locks.all().length > 0 ? ['named locks'] : []),
    ...locksOf(watched).map((name) => `lock ${name}`),
    ...(held.some((units) => units !== 0) ? ['units held'] : []),
    ...(kernel.account(plugin).held.some((units) => units !== 0) ? ['units of the plugin held'] : []),
    ...(kernel.ports.open > 0 ? ['letters'] : []),
    ...kernel.calls.faults.map((fault) => `a fault of the kernel: ${String(fault)}`),
  ];
};
