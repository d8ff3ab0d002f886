// A placement: where one graft of a package is to stand, and what it gets there. A package has one for each row of its
// manifest. Install makes them, checks them, loads the compartment from them, and makes a graft of each.

import type { Callable } from './callable.ts';
import { type ColumnMemory, columnMemory } from './columns.ts';
import type { GraftSource } from './compartment/compartment.ts';
import type { GraftPoint } from './graft-point.ts';
import { covers } from './installer.ts';
import { type Limits, smaller } from './limits.ts';
import type { PluginPackage } from './package/index.ts';
import type { PointTable } from './point-table.ts';

export interface Placement {
  readonly export: string;
  /** Where it stands in a chain or among an event's handlers: smaller first, then by time of install. */
  readonly order: number;
  readonly point: GraftPoint;
  /** The smaller of the point's and the manifest's. */
  readonly limits: Limits;
  /** What it may call: of what the point offers, what the manifest says it needs. In the order of the point. */
  readonly callables: readonly (readonly [name: string, callable: Callable])[];
  /** Memory that it shares with the host. */
  readonly columns: readonly ColumnMemory[];
}

/** The placements of a package, in the order of its manifest. Throws GRAFT_UNKNOWN_POINT. */
export const placementsOf = ({ manifest: { grafts, needs, limits } }: PluginPackage, points: PointTable): Placement[] =>
  grafts.map((row) => {
    const point = points.get(row.point);
    return {
      export: row.export,
      order: row.order,
      point,
      limits: smaller(point.limits, limits),
      callables: [...point.callables].filter(([name]) => needs.some((need) => covers(need, name))),
      columns: columnMemory(point.options.columns ?? {}),
    };
  });

/** A placement as its compartment is told of it. */
export const graftSource = ({ export: exported, point, callables, columns }: Placement): GraftSource => {
  const rows = point.options.rows === true;
  const names = callables.map(([name]) => name);
  // What the default would answer a single row of many, nobody can ask.
  const callable = point.kind === 'function' && !rows ? [...names, 'original'] : names;
  return { export: exported, point: point.name, rows, callable, columns };
};
