// Group scheduling: a client that waits for its server hands its slice to it. The graft looks the server up in the
// process list, under the list's lock, and answers it if it is runnable; otherwise the client runs itself. (VINO's
// scheduling graft.)
//
// It does badly for a client that has work of its own to do: it runs only while the server does not.

export interface DelegateApi {
  readonly threads: { lock(): void };
  readonly columns: {
    readonly ids: Int32Array;
    readonly states: Int32Array;
    /** [0]: the server's thread number, as the client wrote it. */
    readonly shared: Int32Array;
  };
}

const RUNNABLE = 1;

export const delegate = (id: number, api: DelegateApi): number => {
  api.threads.lock();
  const { ids, states, shared } = api.columns;
  const server = shared[0]!;
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === server) return states[i] === RUNNABLE ? server : id;
  }
  return id;
};
