// Broken twins of what a host does with an aborted call, for as long as something awaited lasts.

import { StoredState } from '../../../src/host/store/stored-state.ts';
import { HeapPool } from '../../../src/plugins/compartment/index.ts';
import { UndoLog } from '../../../src/txn/index.ts';
import { replace } from './patch.ts';

export interface HostTwin {
  readonly breaks: string;
  /** What the first violation that it causes says. */
  readonly seen: RegExp;
  during<T>(run: () => Promise<T>): Promise<T>;
}

const hostTwin = (breaks: string, seen: RegExp, install: () => (() => void)[]): HostTwin => ({
  breaks,
  seen,
  during: async (run) => {
    const restore = install();
    try {
      return await run();
    } finally {
      for (const one of restore) one();
    }
  },
});

export const hostTwins: readonly HostTwin[] = [
  hostTwin('an accessor of a map does not undo', /the purses hold|the purse \w+ holds/, () => [
    replace(
      UndoLog.prototype,
      'push',
      (old) =>
        function (operation, place, key, before) {
          if (operation.name !== 'purses.set') old.call(this, operation, place, key, before);
        },
    ),
  ]),
  hostTwin('a heap outlives the call that failed in it', /the heap of .* was given to/, () => [
    replace(HeapPool.prototype, 'drop', () => () => {}),
    replace(
      HeapPool.prototype,
      'give',
      (old) =>
        function (heap) {
          heap.dropped = false;
          old.call(this, heap);
        },
    ),
  ]),
  hostTwin('stored state is not written', /after a restart/, () => [
    replace(StoredState.prototype, 'write', () => () => {}),
  ]),
];
