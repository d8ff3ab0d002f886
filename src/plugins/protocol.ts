// Every message that crosses between the host and a plugin's process, both ways.
//
// A frame: length u32 (of what follows) · type u8 · call u32 · payload. Little-endian; texts are UTF-8 JSON. `call`
// numbers a call (or, for the messages about realms, the realm). The host never trusts a frame: it checks type, call,
// length and JSON, and parses on its own side.
//
//   host → plugin                                    payload
//   LOAD       make a realm (call = its number)      JSON LoadMessage
//   CALL       run a graft                           realm u32 · graft u16 (| ANSWER_IGNORED) · own_ms u32 · JSON input
//   ANSWER     answer to a HOST_CALL                 status u8 (0 value, 1 error) · JSON value, or
//                                                    JSON { code, message }
//   CANCEL     forget a CALL that has not started    –
//   UNLOAD     drop a realm (call = its number)      –
//   PART       the text that a WANT asked for        text
//
//   plugin → host
//   READY      the process is up                     walls u8 (compartment/process/walls/standing.ts)
//   HOST_CALL  a graft calls an accessor             accessor u16 · JSON array of arguments
//   WANT       a realm needs a part of the web's     its name
//              API (call = 0); the process waits
//   TELL       a graft, or a module while it is      level u8 · text
//              loaded, says a line on its console
//   ENDED      a LOAD or a CALL has ended            own_us u32 · what the realm answered: a letter and a text, as
//                                                    compartment/realm/steps.ts has it. A LOAD's R lists the
//                                                    functions. After a CALL's F (it failed) the realm is replaced by
//                                                    a fresh one, and an ENDED of the realm follows, as of a LOAD

export const FRAME_HEADER_BYTES = 9;
/** One value is at most 1 MB (plain.ts); a LOAD carries a bundle. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;
/** What a plugin's process may send in one frame: one value and its head. */
export const ANSWER_BYTES_MAX = 1_048_576 + 64;

/**
 * Set in the graft of a CALL whose answer is ignored (event points): whatever the graft answers, it ends with null.
 */
export const ANSWER_IGNORED = 0x8000;

export const LOAD = 1;
export const CALL = 2;
export const ANSWER = 3;
export const CANCEL = 4;
export const UNLOAD = 5;
export const PART = 6;
export const READY = 16;
export const HOST_CALL = 17;
export const ENDED = 18;
export const WANT = 19;
export const TELL = 20;

export interface LoadMessage {
  /** The script that prepares a realm (compartment/realm), the same for every plugin. */
  readonly realm: string;
  /** The plugin's bundle: an expression statement whose value is the exports object. */
  readonly code: string;
  readonly memory_mb: number;
  readonly load_ms: number;
  /**
   * In the order that CALL names them; each with the accessors its `api` offers, dotted names, in the order that
   * HOST_CALL names them.
   */
  readonly grafts: readonly {
    readonly export: string;
    readonly rows?: boolean;
    readonly callable: readonly string[];
  }[];
}

/**
 * How a graft failed, flattened to bounded text inside its realm. Information only: the host decides by its own tags.
 */
export interface Failure {
  readonly reason:
    | 'thrown'
    | 'own-time'
    | 'memory-limit'
    | 'limit'
    | 'invalid-answer'
    | 'not-callable'
    | 'compartment-lost';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** The compartment was lost, or somebody else has ended the call already: there is nothing more to say of it. */
export const LOST: Failure = { reason: 'compartment-lost', name: '', message: '', stack: '' };

/** Text of an error that crosses is cut inside the realm to these lengths, in UTF-16 units. */
export const ERROR_TEXT_MAX = { name: 100, message: 1000, stack: 2000 } as const;
