// `api.sql(text, parameters)`: one statement of a graft, which reads what was granted, in the last committed state of
// the database. What the graft itself has written in its transaction, it does not see.
//
// The database may take `ms` of processor time for it, and only so much memory: more ends the call with `limit`, as a
// scan of a table does. Waiting is the call's: whoever ends the call ends the statement. A statement that may not run,
// or fails, is GRAFT_SQL, which a graft may catch.

import { badArgument, type Callable, type Caller, GraftError, unexpected } from '../../plugins/index.ts';
import { Aborted, type Transaction, type Tree, type Waiting } from '../../txn/index.ts';
import { SQL_BYTES_TEXT_MAX, SQL_PARAMETERS_MAX, SQL_TEXT_MAX } from './bounds.ts';
import type { SqlAnswer, SqlEnd, SqlEngine, SqlParameter } from './engine.ts';
import { parameterOf } from './grant.ts';

/** A wait that ends with the statement, or with the transaction. */
class StatementWait implements Waiting {
  readonly any = false;
  readonly #txn: Transaction;
  readonly #abort = new AbortController();

  constructor(txn: Transaction) {
    this.#txn = txn;
    txn.tree.startWaiting(this);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  blockers(): Tree[] {
    return [];
  }

  giveUp(): void {
    this.over();
    this.#abort.abort();
  }

  over(): void {
    this.#txn.tree.stopWaiting(this);
  }
}

const readText = (text: unknown): string => {
  if (typeof text !== 'string') return unexpected('sql', 'a text', text);
  if (text.length > SQL_TEXT_MAX) return badArgument(`sql: a statement has at most ${SQL_TEXT_MAX} characters`);
  return text.includes('\0') || !text.isWellFormed() ? badArgument('sql: a statement has no NUL') : text;
};

const readParameters = (values: unknown): SqlParameter[] => {
  if (!Array.isArray(values) || values.length > SQL_PARAMETERS_MAX)
    return unexpected('sql', `a list of at most ${SQL_PARAMETERS_MAX} parameters`, values);
  const parameters = values.map(parameterOf);
  const size = (value: SqlParameter): number =>
    typeof value === 'string' ? value.length : typeof value === 'object' ? (value?.base64.length ?? 0) : 0;
  if (parameters.reduce((sum: number, value) => sum + size(value), 0) > SQL_BYTES_TEXT_MAX)
    badArgument(`sql: parameters have at most ${SQL_BYTES_TEXT_MAX} characters`);
  return parameters;
};

const answerOf = (end: SqlEnd, txn: Transaction): SqlAnswer => {
  switch (end.is) {
    case 'answered':
      return end.answer;
    case 'refused':
      throw new GraftError('GRAFT_SQL', end.why);
    case 'exhausted':
      throw txn.doom('limit', `sql ${end.what}`);
    case 'abandoned':
      throw new Aborted('cancelled', 'in a statement');
    case 'failed':
      throw new GraftError('GRAFT_STORE', `a statement could not be run: ${end.why}`);
  }
};

/** The callable of an engine. Needs a compartment that can wait. */
export const sqlCallable = (engine: SqlEngine): Callable => ({
  waits: true,
  run: async ({ txn, plugin, installer, principal }: Caller, args) => {
    if (args.length > 2) return unexpected('sql', 'at most 2 arguments', args);
    const [text, parameters = []] = args;
    const statement = { text: readText(text), parameters: readParameters(parameters) };
    const wait = new StatementWait(txn);
    try {
      const end = await engine.run({ ...statement, caller: { plugin, installer, principal }, signal: wait.signal });
      return answerOf(end, txn);
    } finally {
      wait.over();
    }
  },
});
