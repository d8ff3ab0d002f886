// The rival vm: a context of node:vm per heap, in the host's own thread, with vm's own `timeout`. It is here to be
// measured against: Node's documentation says of node:vm that it is no security mechanism. These are the holes:
//
// - A way out is known: the rejection of `import()` is an error of the host's own realm, from which a graft gets the
//   host's Function, and with it everything. So is the memory behind a column.
// - Memory has no limit but the host's own; a graft that hoards ends the host. So does a rejection that nobody handles,
//   which is the host's own event.
// - The time-out ends whatever runs in the thread when it fires, an accessor of the host in the middle of its work too.
//   What transactions keep is undone all the same; what an accessor keeps elsewhere stays half done. It counts the
//   host's work as the graft's own time, and wakes a thread for every call, which costs a few hundred microseconds.
// - Built-ins are bounded as in plugins/compartment/realm/bounds.ts; what stands in
//   plugins/compartment/isolate/README.md ends the host here too.

import { Script } from 'node:vm';
import {
  type CompartmentSource,
  type Direct,
  engineFailure,
  HeapMaker,
  loaded,
  memoryOf,
  REALM_FILENAME,
  RealmHeap,
  realmScript,
  STEP_FINISH,
  setupOf,
  webParts,
} from '../../src/plugins/compartment/index.ts';
import type { Failure } from '../../src/plugins/index.ts';
import { VmRealm } from './vm-realm.ts';

class VmHeap extends RealmHeap {
  readonly #realm: VmRealm;

  constructor(realm: Script, source: CompartmentSource) {
    super();
    this.#realm = new VmRealm(
      realm,
      setupOf(source),
      (index, args = '') => this.hostCall(index, args),
      this.outside,
      memoryOf(source),
    );
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    const { clock } = this;
    const limit_ms = step === STEP_FINISH ? clock.remaining_ms() : Math.ceil(clock.limit_ms);
    try {
      return this.#realm.enter(step, graft, input, limit_ms);
    } catch (error) {
      this.late ||= (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      throw error;
    }
  }

  protected override explain(error: unknown): Failure {
    return engineFailure(error);
  }

  /** The heap is garbage from here on. */
  override dispose(): void {}
}

/** Hosts plugins in contexts of node:vm, in the calling thread. */
export const vmMaker = (): HeapMaker => {
  const realm = new Script(realmScript(), { filename: REALM_FILENAME });
  webParts(); // Made now: in a graft's stack there may be no room for it.
  return new HeapMaker('vm', (source) => () => loaded(() => new VmHeap(realm, source), source));
};
