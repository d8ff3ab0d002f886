// The process of statements: it opens a database that it only reads, raises walls, and runs what the host sends. It
// blocks on pipes; Node runs it as one text (command.ts), with the file and, where there are walls, their addon.

import { readSync, writeSync } from 'node:fs';
import { FrameReader, FrameWriter, guard, LAST_GIVEN, toByte } from '../../../plugins/compartment/process/inside.ts';
import { StatementRefused } from '../answer-text.ts';
import { SQL_MEMORY_BYTES, SQL_MESSAGE_MAX } from '../bounds.ts';
import {
  ANSWER,
  EXHAUSTED,
  FAILED,
  GRANT,
  type Grant,
  READY,
  REFUSED,
  REQUEST_BYTES_MAX,
  type Request,
  RUN,
} from './messages.ts';
import { reading } from './policy.ts';
import { StatementRunner } from './statements.ts';

const READS = 3;
const WRITES = 4;
const READ_BYTES = 64 * 1024;

/** SQLITE_NOMEM and SQLITE_FULL: what is put aside lies in memory. */
const OUT_OF_MEMORY = [7, 13];
/** SQLITE_INTERNAL, PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, CANTOPEN, PROTOCOL, NOTADB. */
const NOT_THEIRS = [2, 3, 5, 6, 8, 10, 11, 14, 15, 26];

const [file = '', addon] = process.argv.slice(1);
let runner: StatementRunner | null = null;
const { standing, exit } = guard(addon, LAST_GIVEN, {
  opens: () => {
    runner = new StatementRunner(file);
  },
  policy: reading,
  more_bytes: SQL_MEMORY_BYTES,
});
const reader = new FrameReader(REQUEST_BYTES_MAX);
const writer = new FrameWriter();

const reply = (error: unknown): void => {
  const { errcode, message } = error as { errcode?: number; message: string };
  const code = typeof errcode === 'number' ? errcode & 0xff : null;
  const is =
    error instanceof StatementRefused || (code !== null && !NOT_THEIRS.includes(code) && !OUT_OF_MEMORY.includes(code))
      ? REFUSED
      : code !== null && OUT_OF_MEMORY.includes(code)
        ? EXHAUSTED
        : FAILED;
  writer.begin(is, 0).text(message.slice(0, SQL_MESSAGE_MAX)).end();
};

const act = (open: StatementRunner): void => {
  if (reader.type === GRANT) return open.grant(JSON.parse(reader.text()) as Grant);
  if (reader.type !== RUN) exit(70);
  try {
    const answer = open.run(JSON.parse(reader.text()) as Request);
    writer.begin(ANSWER, 0).text(answer).end();
  } catch (error) {
    reply(error);
  }
};

const flush = (): void => {
  const bytes = writer.bytes();
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(WRITES, bytes, sent);
  writer.clear();
};

const serve = (open: StatementRunner): never => {
  writer.begin(READY, 0).u8(toByte(standing)).end();
  for (;;) {
    flush();
    while (!reader.next()) {
      const at = reader.space(READ_BYTES);
      const got = readSync(READS, reader.buffer, at, READ_BYTES, null);
      if (got === 0 || reader.broken) exit(0); // The host is gone.
      reader.filled(got);
    }
    act(open);
  }
};

serve(runner as unknown as StatementRunner);
