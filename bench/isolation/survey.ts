// All parts of all kinds, one process after the other, so that no kind disturbs another.

import { BODIES } from './bodies.ts';
import type { Order, Reports } from './child.ts';
import { KINDS, type Kind } from './kinds.ts';
import { carriedOut, type Lost } from './order.ts';

export const PARTS = ['calls', 'start', 'fresh', 'idle', 'stops'] as const;
export type Part = (typeof PARTS)[number];

/** The results of one kind; a part is missing if it was not measured. */
export interface Found {
  readonly kind: string;
  readonly calls?: Reports['calls'];
  readonly start?: Reports['start'];
  readonly fresh?: Reports['fresh'];
  readonly idle?: Reports['idle'];
  /** By body. */
  readonly stops?: Readonly<Record<string, Reports['stops'] | Lost>>;
  /** Parts that could not be measured, and why. */
  readonly problems?: readonly string[];
}

export interface SurveyOptions {
  readonly small: boolean;
  readonly seed: number;
  readonly kinds: readonly string[];
  readonly parts: readonly string[];
  readonly progress: (text: string) => void;
}

/** A part's report, or why there is none: minutes of measuring are not lost for one part. */
const reportOf = async <P extends Exclude<Part, 'stops'>>(
  order: Order & { readonly part: P },
): Promise<Reports[P] | string> => {
  try {
    const report = await carriedOut(order);
    return typeof report === 'object' && 'lost' in report ? `the process ${report.lost}` : (report as Reports[P]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const surveyed = async (kind: Kind, { small, seed, parts, progress }: SurveyOptions): Promise<Found> => {
  const order = { kind: kind.name, body: '', small, seed };
  const all: Record<string, unknown> = { kind: kind.name };
  const problems: string[] = [];
  for (const part of ['calls', 'start', 'fresh', 'idle'] as const) {
    if (!parts.includes(part)) continue;
    progress(`${kind.name}: ${part}`);
    const report = await reportOf({ ...order, part });
    if (typeof report === 'string') problems.push(`${part}: ${report}`);
    else all[part] = report;
  }
  if (parts.includes('stops')) all.stops = await allStops(order, progress, problems);
  for (const problem of problems) progress(`${kind.name}: not measured: ${problem}`);
  return { ...(all as unknown as Found), problems };
};

const allStops = async (
  order: Omit<Order, 'part'>,
  progress: (text: string) => void,
  problems: string[],
): Promise<Found['stops']> => {
  const stops: Record<string, Reports['stops'] | Lost> = {};
  for (const body of Object.keys(BODIES)) {
    progress(`${order.kind}: ${body}`);
    try {
      stops[body] = await carriedOut({ ...order, part: 'stops', body });
    } catch (error) {
      problems.push(`${body}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return stops;
};

/** Measures the parts and kinds of the options. */
export const survey = async (options: SurveyOptions): Promise<Found[]> => {
  const all: Found[] = [];
  for (const kind of KINDS) if (options.kinds.includes(kind.name)) all.push(await surveyed(kind, options));
  return all;
};
