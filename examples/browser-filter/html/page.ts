// The beginning of one document while grafts rewrite it: what they may call, each call with its undo. A graft sees the
// document as those before it left it; one that fails leaves it as it found it.

import { badArgument, type Callable, type CallableTree, type Caller } from 'graftwork/plugins';
import type { Transaction, Undoable } from 'graftwork/txn';
import { z } from 'zod';
import { type Edit, Edits, edit, editsFault } from './edits.ts';
import { BadSelector } from './rewriter.ts';
import { type Selection, Selects, select } from './selects.ts';
import { rulesFault } from './style.ts';

/** A document's beginning. Every change makes a new one, so undo has nothing to rebuild. */
interface Version {
  readonly bytes: Buffer;
  /** Selectors that are hidden. */
  readonly hidden: readonly string[];
  readonly scripts: readonly string[];
  readonly edits: number;
}

export class Page {
  readonly isWhole: boolean;
  version: Version;
  /** The version that was asked about last. */
  seen: Version;

  constructor(bytes: Buffer, isWhole: boolean) {
    this.isWhole = isWhole;
    this.version = { bytes, hidden: [], scripts: [], edits: 0 };
    this.seen = this.version;
  }
}

const CHANGE: Undoable = {
  name: 'page',
  undo(page, _key, before) {
    (page as Page).version = before as Version;
  },
};

const HIDDEN_MAX = 50_000;
const Hide = z.array(z.string().min(1).max(2000)).max(20_000);
const Script = z.string().min(1).max(100_000);

/** The documents that are rewritten, by the transaction in which that is done. */
export class Pages {
  readonly #pages = new WeakMap<Transaction, Page>();

  /** The page that grafts find in a transaction and those nested in it. */
  open(txn: Transaction, page: Page): void {
    this.#pages.set(txn, page);
  }

  /** Whether the page of a transaction has changed since this was asked last. */
  hasChanged(txn: Transaction): boolean {
    const page = this.#pages.get(txn);
    if (page === undefined || page.version === page.seen) return false;
    page.seen = page.version;
    return true;
  }

  #of({ txn }: Caller): Page {
    return this.#pages.get(txn.tree.root) ?? badArgument('there is a page while a document is rewritten');
  }

  /** The before-image is logged before the change. */
  #change(caller: Caller, what: string, version: Version): void {
    const page = this.#of(caller);
    // Whoever was ended while a pass ran changes nothing any more.
    if (caller.txn.state !== 'active') return;
    caller.txn.tree.log.push(CHANGE, page, what, page.version);
    page.version = version;
  }

  get callables(): CallableTree {
    return { select: this.#select, edit: this.#edit, hide: this.#hide, script: this.#script };
  }

  readonly #select: Callable = {
    waits: true,
    run: async (caller, [given]) => {
      const parsed = Selects.safeParse(given);
      if (!parsed.success) return badArgument(`select: ${issueOf(parsed.error)}`);
      const { isWhole, version } = this.#of(caller);
      const selection: Selection = await passed(select(version.bytes, parsed.data, isWhole));
      return { ...selection, isWhole };
    },
  };

  readonly #edit: Callable = {
    waits: true,
    run: async (caller, [given]) => {
      const parsed = Edits.safeParse(given);
      if (!parsed.success) return badArgument(`edit: ${issueOf(parsed.error)}`);
      const edits: readonly Edit[] = parsed.data;
      const wrong = editsFault(edits);
      if (wrong !== null) return badArgument(`edit: ${wrong}`);
      const { version, isWhole } = this.#of(caller);
      const { bytes, fault, done } = await passed(edit(version.bytes, edits, isWhole));
      if (fault !== null) return badArgument(`edit: ${fault}`);
      this.#change(caller, 'edit', { ...version, bytes, edits: version.edits + done });
      return done;
    },
  };

  readonly #hide: Callable = {
    waits: false,
    run: (caller, [given]) => {
      const parsed = Hide.safeParse(given);
      if (!parsed.success) return badArgument(`hide: ${issueOf(parsed.error)}`);
      const wrong = rulesFault(parsed.data);
      if (wrong !== null) return badArgument(`hide: ${wrong}`);
      const { version } = this.#of(caller);
      const hidden = [...version.hidden, ...parsed.data];
      if (hidden.length > HIDDEN_MAX) return badArgument(`hide: more than ${HIDDEN_MAX} selectors`);
      this.#change(caller, 'hide', { ...version, hidden });
      return null;
    },
  };

  readonly #script: Callable = {
    waits: false,
    run: (caller, [given]) => {
      const parsed = Script.safeParse(given);
      if (!parsed.success || /<\/?script|<!--/i.test(parsed.data)) return badArgument('script: no text of a script');
      const { version } = this.#of(caller);
      this.#change(caller, 'script', { ...version, scripts: [...version.scripts, parsed.data] });
      return null;
    },
  };
}

const issueOf = ({ issues }: z.ZodError): string => {
  const [issue] = issues;
  return issue === undefined ? 'not what it takes' : `${issue.path.join('.')}: ${issue.message}`;
};

/** A selector that the rewriter does not know is the graft's fault. */
const passed = <T>(pass: Promise<T>): Promise<T> =>
  pass.catch((error: unknown) => {
    if (error instanceof BadSelector) return badArgument(error.message);
    throw error;
  });
