// Every coded error that Graftwork throws at a caller, in one table. The documentation lists the same codes; a test
// holds the two equal. Expected failure of a graft is never an error here: it is an outcome (see outcome.ts). `status`
// is what the server answers over HTTP.

const row = (status: number, meaning: string) => ({ status, meaning });

export const ERRORS = {
  GRAFT_BAD_OPTION: row(400, 'An option is unknown or its value is not allowed.'),
  GRAFT_BAD_INPUT: row(400, 'The input of a call is not plain data or does not satisfy the schema of its graft point.'),
  GRAFT_BAD_ARGUMENT: row(400, 'An accessor was called with arguments it does not take.'),
  GRAFT_BAD_JSON: row(400, 'A request body is not valid JSON.'),
  GRAFT_BAD_MANIFEST: row(400, 'The manifest of a plugin is missing or malformed.'),
  GRAFT_BAD_PACKAGE: row(400, 'A plugin package is malformed.'),
  GRAFT_PACKAGE_LIMIT: row(413, 'A plugin package exceeds a bound on entries, sizes or compression.'),
  GRAFT_PACKAGE_PATH: row(400, 'A plugin package holds a path that leaves it, or two paths that fold together.'),
  GRAFT_PACKAGE_ENTRY: row(400, 'A plugin package holds a link that leaves it, a device, or another special file.'),
  GRAFT_PACKAGE_NATIVE: row(400, 'A plugin package holds a native binary.'),
  GRAFT_PACKAGE_SIGNED: row(400, 'A plugin package carries a signature, and signatures cannot be verified yet.'),
  GRAFT_BUNDLE: row(
    422,
    'A plugin could not be bundled: a syntax error, an import that is not in the package, or too much for the bundler.',
  ),
  GRAFT_UNKNOWN_POINT: row(404, 'No graft point has this name.'),
  GRAFT_UNKNOWN_PLUGIN: row(404, 'No plugin has this name.'),
  GRAFT_UNKNOWN_GRAFT: row(404, 'No graft of this name is missing at the point.'),
  GRAFT_POINT_EXISTS: row(409, 'A graft point of this name exists already.'),
  GRAFT_POINT_TAKEN: row(409, 'Another graft already replaces the default of this function point.'),
  GRAFT_INSTALLED: row(409, 'A plugin of this name is being installed, or was installed by somebody else.'),
  GRAFT_UPGRADE: row(
    403,
    'A new version of a plugin needs more, stands elsewhere, or is older than the one that is installed: ' +
      'remove that one first.',
  ),
  GRAFT_NEEDS: row(403, 'A plugin needs what its graft point does not offer or its installer may not grant.'),
  GRAFT_MUST_WAIT: row(400, 'A graft may call an accessor that can wait, and its compartment cannot wait.'),
  GRAFT_INSTALL_FAILED: row(
    422,
    'The module of a plugin failed while it was evaluated, lacks an export, or names what no graft has.',
  ),
  GRAFT_TRIAL: row(422, 'A graft failed what its point tries before it lets a graft stand.'),
  GRAFT_TYPE_ABSENT: row(409, 'No plugin brings the data type of a column: it is read by its stored order alone.'),
  GRAFT_TYPE_STALE: row(409, 'Keys of a column are not those of its data type: it must be indexed anew.'),
  GRAFT_REFUSED: row(422, 'The graft refused on purpose.'),
  GRAFT_DENIED: row(403, 'A guard failed, and its point fails closed.'),
  GRAFT_FAILED: row(502, 'A graft failed, and its point tells the caller.'),
  GRAFT_ABORTED: row(503, 'The call as a whole was aborted.'),
  GRAFT_OVERLOADED: row(503, 'A queue is full.'),
  GRAFT_CLOSED: row(503, 'The host is closed or closing.'),
  GRAFT_UNAUTHORIZED: row(401, 'The bearer token is missing or wrong.'),
  GRAFT_FOREIGN: row(403, 'The Host or Origin of a request is not this server.'),
  GRAFT_BODY_TOO_LARGE: row(413, 'A request body exceeds its bound.'),
  GRAFT_BAD_MEDIA_TYPE: row(415, 'A request body is of a type or an encoding that the server does not take there.'),
  GRAFT_NOT_FOUND: row(404, 'The server has no such resource.'),
  GRAFT_UNREACHABLE: row(503, 'The server of a command cannot be reached.'),
  GRAFT_INTERNAL: row(500, 'The host failed; the log has the details.'),
  GRAFT_NODE_TOO_OLD: row(500, 'Node or isolated-vm is older than the first version without a known escape.'),
  GRAFT_NO_WALLS: row(500, "Walls around plugins' processes are required, and this system does not have all of them."),
  GRAFT_STORE: row(500, 'The database failed.'),
  GRAFT_IN_USE: row(409, 'Another host has the database file: one host, one file.'),
  GRAFT_TWO_LIBRARIES: row(409, 'Two SQLite libraries of this process have the same database file open.'),
  GRAFT_STORE_RELEASE: row(409, "The host's own tables in a database are of another release; nothing was changed."),
  GRAFT_SCHEMA: row(409, 'A table of the database is not what its entity says; nothing was changed.'),
  GRAFT_STORE_UNSUPPORTED: row(400, 'The store named is of a kind this version does not support.'),
  GRAFT_SQL: row(422, 'A statement of SQL is not one that may run, or it failed; the message says why.'),
  GRAFT_UNKNOWN_TABLE: row(404, 'No table of this name is granted.'),
  GRAFT_FENCED: row(500, 'An undo of this object failed earlier; it is fenced off.'),
  GRAFT_TXN_ENDED: row(500, 'A transaction was used after its end.'),
  GRAFT_TXN_BUSY: row(500, 'A transaction was used while a nested one is active.'),
  GRAFT_SELF_WAIT: row(500, 'A transaction would wait for the one that its code runs in.'),
  GRAFT_TXN_MISUSE: row(500, 'The transaction interface was used against its rules.'),
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A graft that said no on purpose. `code`: 1 to 64 letters, digits or `_ . : -`; `message`: text of the plugin. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * An error with a code of the table above. `message` says what was wrong with this very call, bounded to 2,000
 * characters.
 */
export class GraftError extends Error {
  /** What is wrong: one of docs/errors.md. */
  readonly code: ErrorCode;
  /** For GRAFT_REFUSED: what the graft said. Null for other codes. */
  readonly refusal: Refusal | null;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; refusal?: Refusal }) {
    super(message.length > 2000 ? `${message.slice(0, 1999)}…` : message, options);
    this.name = 'GraftError';
    this.code = code;
    this.refusal = options?.refusal ?? null;
  }

  /** The HTTP status that the server answers with. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}
