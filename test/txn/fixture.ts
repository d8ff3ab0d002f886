// What the tests of transactions begin with: a clock moved by hand, the transactions, and what was reported.

import { expect } from '@jest/globals';
import { type Report, Ticket, TransactionError, Transactions } from '../../src/txn/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const TIMEOUT_MS = 50;

export const options = (name: string) => ({ name, lock_timeout_ms: TIMEOUT_MS });

export const setUp = () => {
  const clock = new ManualClock();
  const reports: Report[] = [];
  const transactions = new Transactions({ clock, report: (report) => reports.push(report) });
  return { clock, reports, transactions };
};

/** The ticket that a call must have given. */
export const ticketOf = (answer: unknown): Ticket => {
  expect(answer).toBeInstanceOf(Ticket);
  return answer as Ticket;
};

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** The code of the TransactionError that `work` must throw. */
export const codeOf = (work: () => unknown): string => {
  const error = thrownBy(work);
  expect(error).toBeInstanceOf(TransactionError);
  return (error as TransactionError).code;
};

/** The reason of the Aborted that `work` must throw, with its detail where it has one. */
export const reasonOf = (work: () => unknown): string => String((thrownBy(work) as Error).message);
