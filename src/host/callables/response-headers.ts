// header(name, value): headers of an HTTP answer that is being written. They are kept with the transaction, each with
// its undo. The code that writes the answer reads them after everything else is settled, so no header has left when a
// call aborts:
//
//   const page = await host.transaction(async (txn) => {
//     const body = await point.call(input, { txn });
//     return { body, headers: headers.of(txn) };
//   });
//   response.writeHead(200, page.headers).end(page.body);
//
// A header that is not allowed dooms the call: an answer with a refused part is no answer.

import { type Callable, GraftError } from '../../plugins/index.ts';
import type { Transaction, Undoable } from '../../txn/index.ts';
import type { HostTransaction } from '../host-transaction.ts';
import { HEADER_BYTES_MAX, HEADERS_MAX } from './bounds.ts';
import { headerFault } from './http-answer.ts';

type Rows = [name: string, value: string][];

const HEADER: Undoable = {
  name: 'header',
  undo(place, _key, length) {
    (place as Rows).length = Math.min((place as Rows).length, length as number);
  },
};

export class ResponseHeaders {
  readonly #rows = new WeakMap<Transaction, Rows>();

  /** The headers written in a transaction so far, in order. Throws GRAFT_TXN_ENDED where that has ended. */
  of({ core }: HostTransaction): [name: string, value: string][] {
    // A tree serves one transaction after the other, so what has ended must not ask it.
    if (core.state !== 'active')
      throw new GraftError('GRAFT_TXN_ENDED', 'headers are read inside the transaction that writes them');
    return (this.#rows.get(core) ?? []).map(([name, value]) => [name, value]);
  }

  #of(root: Transaction): Rows {
    let rows = this.#rows.get(root);
    if (rows === undefined) {
      rows = [];
      this.#rows.set(root, rows);
    }
    return rows;
  }

  readonly header: Callable = {
    waits: false,
    run: ({ txn }, [name, value]) => {
      const fault = headerFault(name, value);
      if (fault !== null) throw txn.doom('thrown', `header: ${fault}`);
      const rows = this.#of(txn.tree.root);
      const row: Rows[number] = [name as string, value as string];
      const bytes = [...rows, row].reduce((sum, [one, other]) => sum + one.length + other.length, 0);
      if (rows.length >= HEADERS_MAX || bytes > HEADER_BYTES_MAX) throw txn.doom('limit', 'headers');
      txn.tree.log.push(HEADER, rows, row[0], rows.length);
      rows.push(row);
    },
  };
}
