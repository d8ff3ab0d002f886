// All parts of all kinds, one process after the other, so that no kind disturbs another.

import { BODIES } from './bodies.ts';
import type { Order, Reports } from './child.ts';
import { KINDS, type Kind } from './kinds.ts';
import { carriedOut, type Lost } from './order.ts';

export const PARTS = ['calls', 'start', 'fresh', 'idle', 'stops'] as const;
export type Part = (typeof PARTS)[number];

/** What was found of one kind; a part is missing where it was not asked for. */
export interface Found {
  readonly kind: string;
  readonly calls?: Reports['calls'];
  readonly start?: Reports['start'];
  readonly fresh?: Reports['fresh'];
  readonly idle?: Reports['idle'];
  /** By body. */
  readonly stops?: Readonly<Record<string, Reports['stops'] | Lost>>;
}

export interface SurveyOptions {
  readonly small: boolean;
  readonly seed: number;
  readonly kinds: readonly string[];
  readonly parts: readonly string[];
  readonly progress: (text: string) => void;
}

/** Throws where the process was lost. */
const found = async <P extends Part>(order: Order & { readonly part: P }): Promise<Reports[P]> => {
  const report = await carriedOut(order);
  if (typeof report === 'object' && 'lost' in report) throw new Error(`${order.kind}, ${order.part}: the process ${report.lost}`);
  return report as Reports[P];
};

const surveyed = async (kind: Kind, { small, seed, parts, progress }: SurveyOptions): Promise<Found> => {
  const all: { -readonly [K in keyof Found]: Found[K] } = { kind: kind.name };
  const order = { kind: kind.name, body: '', small, seed };
  const telling = async <P extends Part>(part: P): Promise<Reports[P] | undefined> => {
    if (!parts.includes(part)) return undefined;
    progress(`${kind.name}: ${part}`);
    return found({ ...order, part } as Order & { readonly part: P });
  };
  for (const part of ['calls', 'start', 'fresh', 'idle'] as const) Object.assign(all, { [part]: await telling(part) });
  if (!parts.includes('stops')) return all;
  const stops: Record<string, Reports['stops'] | Lost> = {};
  for (const body of Object.keys(BODIES)) {
    progress(`${kind.name}: ${body}`);
    stops[body] = await carriedOut({ ...order, part: 'stops', body });
  }
  return { ...all, stops };
};

/** Measures what is asked for, of the kinds asked for. */
export const survey = async (options: SurveyOptions): Promise<Found[]> => {
  const all: Found[] = [];
  for (const kind of KINDS) if (options.kinds.includes(kind.name)) all.push(await surveyed(kind, options));
  return all;
};
