// The realm of a page's grafts: a worker, with nothing in it but this script. It locks itself down; when the
// page is there, it asks the host for one graft after the other, runs it, and tells how it ended. Its policy lets it
// evaluate code, and speak to its own origin alone.

import './shared-memory.ts';
import { lockdownRealm, SignedMaker } from '../../../../src/plugins/compartment/in-realm/index.ts';
import {
  type Answer,
  bytesOf,
  type Exchange,
  FUEL_PER_MS,
  OUTCOME_PATH,
  PAGE_HEADER,
  type RealmConfig,
  SIGNATURE_HEADER,
  signatureOf,
} from '../protocol.ts';
import { GraftRunner, type Page } from './graft-runner.ts';

declare const CONFIG: RealmConfig;
/** Of a worker. */
declare const postMessage: (message: object) => void;
declare const addEventListener: (type: 'message', listener: (event: { readonly data: unknown }) => void) => void;

const ANSWER_BYTES_MAX = 8 * 2 ** 20;
const { setTimeout, clearTimeout, fetch, performance } = globalThis;
const token = bytesOf(CONFIG.token);

/** What the page is asked, by the number of the question. */
const asked = new Map<number, (answer: unknown) => void>();
let questions = 0;

/** Asks the part that holds the DOM. */
const ask = (kind: string, of: unknown): Promise<unknown> =>
  new Promise((resolve) => {
    asked.set(++questions, resolve);
    postMessage({ kind, question: questions, of });
  });

const exchange = async (message: Exchange): Promise<Answer> => {
  const body = JSON.stringify(message);
  const headers = {
    'content-type': 'application/json',
    [PAGE_HEADER]: CONFIG.page,
    [SIGNATURE_HEADER]: signatureOf(token, 'to host', body),
  };
  const response = await fetch(OUTCOME_PATH, { method: 'POST', headers, body });
  const text = await response.text();
  const isHosts =
    text.length < ANSWER_BYTES_MAX && response.headers.get(SIGNATURE_HEADER) === signatureOf(token, 'to realm', text);
  if (!isHosts) throw new Error('not the host');
  return JSON.parse(text) as Answer;
};

const clock = {
  now: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

const locked = lockdownRealm();

const serve = async (url: string): Promise<void> => {
  await locked;
  const page: Page = {
    url,
    query: (selector) => ask('query', selector),
    apply: async (changes) => (await ask('apply', changes)) === true,
  };
  const runner = new GraftRunner(page, new SignedMaker({ key: bytesOf(CONFIG.key), fuel_per_ms: FUEL_PER_MS }), clock);
  let answer = await exchange({ number: 0, ended: null });
  while (answer.next !== null) {
    const ended = await runner.run(answer.next);
    // Where the host does not keep it, or nobody hears whether it does, the page takes it back.
    const told = await exchange({ number: answer.next.number, ended }).catch(() => ({ kept: false, next: null }));
    await ask(told.kept ? 'keep' : 'undo', null);
    answer = told;
  }
};

addEventListener('message', ({ data }) => {
  const { kind, question, answer } = data as { kind: unknown; question: unknown; answer: unknown };
  if (kind === 'go') {
    const done = (): void => postMessage({ kind: 'done', question: 0, of: null });
    serve(String(answer).slice(0, 2000)).then(done, done);
    return;
  }
  const resolve = asked.get(question as number);
  asked.delete(question as number);
  resolve?.(answer);
});
