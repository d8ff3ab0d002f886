// What happened in this browser: a visit a page, with the requests that the page made. Kept in memory, the last ones.

import type { GraftReport } from 'graftwork/plugins';
import type { PageOutcome } from './content/index.ts';
import type { Asked } from './proxy/index.ts';

export type DeedKind = 'blocked' | 'redirected' | 'changed';

/** What a graft did in one call. */
export interface Deed {
  readonly graft: string;
  readonly point: string;
  readonly what: DeedKind | 'undone';
  readonly url: string;
  /** Of what was undone: why, how many records, and whether the graft is gone now. */
  readonly why?: string;
  readonly records?: number;
  readonly removed?: boolean;
}

/** A page that was visited. */
export interface Visit {
  readonly id: number;
  readonly at: string;
  readonly url: string;
  readonly site: string;
  readonly requests: number;
  readonly blocked: number;
  readonly changed: number;
  readonly undone: number;
  /** What grafts did, the first 100. */
  readonly deeds: readonly Deed[];
  /** By graft: calls, and the processor time that they took. */
  readonly cost: Readonly<Record<string, { readonly calls: number; readonly own_ms: number }>>;
}

interface OpenVisit extends Visit {
  requests: number;
  blocked: number;
  changed: number;
  undone: number;
  readonly deeds: Deed[];
  readonly cost: Record<string, { calls: number; own_ms: number }>;
}

const VISITS_MAX = 200;
const DEEDS_MAX = 100;
const URL_MAX = 2000;

/** The name of the site that a URL belongs to, for its switch. */
export const siteOf = (url: string): string => URL.parse(url)?.hostname ?? '';

export class Visits {
  readonly #visits: OpenVisit[] = [];
  readonly #listeners = new Set<(visit: Visit) => void>();
  readonly #told = new Set<OpenVisit>();
  #last = 0;

  /** The visit that a request belongs to: a document begins one; others belong to the page that they come from. */
  of(asked: Asked): number {
    if (asked.type === 'document') return this.#begin(asked.url).id;
    const origin = URL.parse(asked.sourceUrl)?.origin;
    const whole = this.#visits.findLast(({ url }) => url === asked.sourceUrl);
    const visit = whole ?? this.#visits.findLast(({ url }) => URL.parse(url)?.origin === origin) ?? this.#visits.at(-1);
    if (visit === undefined) return this.#begin(asked.sourceUrl || asked.url).id;
    visit.requests++;
    this.#tell(visit);
    return visit.id;
  }

  #begin(given: string): OpenVisit {
    const url = given.slice(0, URL_MAX);
    const counts = { requests: 1, blocked: 0, changed: 0, undone: 0, deeds: [], cost: {} };
    const visit: OpenVisit = { id: ++this.#last, at: new Date().toISOString(), url, site: siteOf(url), ...counts };
    this.#visits.push(visit);
    if (this.#visits.length > VISITS_MAX) this.#visits.shift();
    this.#tell(visit);
    return visit;
  }

  /** Notes what the grafts of one call did: `kinds` those that kept their work, in their order. */
  note(
    id: number,
    point: string,
    given: string,
    reports: readonly GraftReport[],
    kinds: readonly (DeedKind | null)[],
  ): void {
    const visit = this.#visits.findLast((one) => one.id === id);
    if (visit === undefined || reports.length === 0) return;
    const url = given.slice(0, URL_MAX);
    let kept = 0;
    for (const report of reports) {
      const { graft, status } = report;
      visit.cost[graft] ??= { calls: 0, own_ms: 0 };
      const cost = visit.cost[graft] as { calls: number; own_ms: number };
      cost.calls++;
      cost.own_ms += report.spent.own_ms;
      const what = status === 'refused' ? 'blocked' : status === 'committed' ? kinds[kept++] : null;
      if (status === 'aborted') this.#add(visit, { ...undoneBy(report), point, url });
      else if (what !== null && what !== undefined) this.#add(visit, { graft, point, what, url });
    }
    this.#tell(visit);
  }

  /** Notes how a graft ended that ran inside a page. */
  ended({ url, graft, status, why, undone, changes }: PageOutcome): void {
    const visit = this.#visits.findLast((one) => one.url === url.slice(0, URL_MAX));
    if (visit === undefined) return;
    const deed = { graft, point: 'page/content', url: visit.url };
    if (status === 'undone') this.#add(visit, { ...deed, what: 'undone', why: why.slice(0, 300), records: undone });
    else if (changes > 0) this.#add(visit, { ...deed, what: 'changed' });
    this.#tell(visit);
  }

  #add(visit: OpenVisit, deed: Deed): void {
    if (deed.what === 'undone') visit.undone++;
    else if (deed.what === 'changed') visit.changed++;
    else visit.blocked++;
    if (visit.deeds.length < DEEDS_MAX) visit.deeds.push(deed);
  }

  /** The last visits, newest first. */
  list(limit: number): Visit[] {
    return this.#visits.slice(-limit).toReversed();
  }

  /** Hears of visits that are new or have changed, a few times a second at most. Gives back what ends that. */
  listen(listener: (visit: Visit) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(visit: OpenVisit): void {
    if (this.#listeners.size === 0) return;
    if (this.#told.size === 0) setTimeout(() => this.#flush(), TELL_MS).unref();
    this.#told.add(visit);
  }

  #flush(): void {
    const visits = [...this.#told];
    this.#told.clear();
    for (const visit of visits) for (const listener of this.#listeners) listener(visit);
  }
}

const TELL_MS = 200;

const undoneBy = ({ graft, reason, detail, undone, removed }: GraftReport): Omit<Deed, 'point' | 'url'> => ({
  graft,
  what: 'undone',
  why: detail === undefined || detail === '' ? String(reason) : `${reason}: ${detail.slice(0, 300)}`,
  records: undone.records,
  removed: removed === true,
});
