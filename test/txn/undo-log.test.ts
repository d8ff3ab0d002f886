// The undo log by itself: order, marks, names, failures.

import { describe, expect, test } from '@jest/globals';
import { type Undoable, UndoLog } from '../../src/txn/index.ts';

const into = (undone: unknown[], name = 'write'): Undoable => ({
  name,
  undo: (place, key, before) => void undone.push([place, key, before]),
});

const never = (): never => {
  throw new Error('no undo fails here');
};

describe('unwinding', () => {
  test('runs newest first, down to the mark and no further', () => {
    const undone: unknown[] = [];
    const log = new UndoLog();
    const write = into(undone);
    log.push(write, 'p', 'a', 1);
    const { mark } = log;
    log.push(write, 'p', 'b', 2);
    log.push(write, 'q', 'c', 3);
    expect(log.unwind(mark, never)).toEqual({ records: 2, first: ['write b', 'write c'] });
    expect(undone).toEqual([
      ['q', 'c', 3],
      ['p', 'b', 2],
    ]);
    expect(log.mark).toBe(mark);
    expect(log.unwind(mark, never)).toEqual({ records: 0, first: [] });
    log.unwind(0, never);
    expect(undone).toHaveLength(3);
  });

  test('goes on after an undo that throws, and tells which place', () => {
    const undone: unknown[] = [];
    const log = new UndoLog();
    const broken: Undoable = { name: 'broken', undo: never };
    log.push(into(undone), 'first', null, 1);
    log.push(broken, 'second', null, 2);
    log.push(into(undone), 'third', null, 3);
    const failed: unknown[] = [];
    log.unwind(0, (place, operation, error) => failed.push(place, operation, (error as Error).message));
    expect(failed).toEqual(['second', 'broken', 'no undo fails here']);
    expect(undone.map((one) => (one as unknown[])[0])).toEqual(['third', 'first']);
    expect(log.mark).toBe(0);
  });

  test('names the first twenty, with keys that can be named, cut at eighty characters', () => {
    const log = new UndoLog();
    log.push(into([], 'long'), null, 'x'.repeat(100), 0);
    log.push(into([], 'object'), null, { key: 1 }, 0);
    for (let i = 2; i < 30; i++) log.push(into([], 'number'), null, i, 0);
    const { records, first } = log.unwind(0, never);
    expect(records).toBe(30);
    expect(first).toHaveLength(20);
    expect(first.slice(0, 3)).toEqual([`long ${'x'.repeat(79)}…`, 'object', 'number 2']);
  });

  test('is the same after a log that was longer than what is kept', () => {
    const undone: unknown[] = [];
    const log = new UndoLog();
    for (let i = 0; i < 2000; i++) log.push(into(undone), null, i, 0);
    log.unwind(0, never);
    log.push(into(undone), null, 'again', 0);
    log.unwind(0, never);
    expect(undone).toHaveLength(2001);
    for (let i = 0; i < 2000; i++) log.push(into(undone), null, i, 0);
    log.clear();
    expect(log.unwind(0, never).records).toBe(0);
  });
});
