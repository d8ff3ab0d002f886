// The store's own tables in the application's database. They share its COMMIT: messages to send, the id of the last
// transaction, stored state.

import { EntitySchema } from 'typeorm';

/** Names that begin with this are the store's own. */
export const RESERVED = 'graftwork_';

export const OUTBOX = 'graftwork_outbox';
export const STATE = 'graftwork_state';
export const TRANSACTION = 'graftwork_transaction';

const Outbox = new EntitySchema<{ seq: number; id: string; channel: string; payload: string }>({
  name: OUTBOX,
  tableName: OUTBOX,
  columns: {
    seq: { type: 'integer', primary: true, generated: 'increment' },
    id: { type: 'text', unique: true },
    channel: { type: 'text' },
    payload: { type: 'text' },
  },
  indices: [{ name: 'graftwork_outbox_order', columns: ['channel', 'seq'] }],
});

/** Rows lie in the order in which their keys were added, which is the order of the map after a restart. */
const State = new EntitySchema<{ map: string; key: string; value: string }>({
  name: STATE,
  tableName: STATE,
  columns: {
    map: { type: 'text', primary: true },
    key: { type: 'text', primary: true },
    value: { type: 'text' },
  },
});

/** One row: the transaction that committed last, to look up a COMMIT whose answer was lost. */
const LastTransaction = new EntitySchema<{ one: number; id: string }>({
  name: TRANSACTION,
  tableName: TRANSACTION,
  columns: {
    one: { type: 'integer', primary: true },
    id: { type: 'text' },
  },
});

export const OWN_ENTITIES = [Outbox, State, LastTransaction];
