// The table of graft points, by name (VINO: the graft namespace).

import { GraftError } from './errors.ts';
import type { GraftPoint } from './graft-point.ts';
import { unknownName } from './unknown-name.ts';

export class PointTable {
  readonly #points = new Map<string, GraftPoint>();

  add<Input, Output>(point: GraftPoint<Input, Output>): GraftPoint<Input, Output> {
    if (this.#points.has(point.name)) throw new GraftError('GRAFT_POINT_EXISTS', `${point.name} is declared already`);
    this.#points.set(point.name, point as unknown as GraftPoint);
    return point;
  }

  /** Throws GRAFT_UNKNOWN_POINT. */
  get(name: string): GraftPoint {
    const point = this.#points.get(name);
    if (point === undefined)
      throw new GraftError('GRAFT_UNKNOWN_POINT', unknownName('graft point', name, this.#points.keys()));
    return point;
  }

  has(name: string): boolean {
    return this.#points.has(name);
  }

  /** What stood for something that is gone now: its grafts are removed with it. */
  remove(point: GraftPoint): void {
    for (const graft of point.grafts) graft.remove();
    if (this.#points.get(point.name) === point) this.#points.delete(point.name);
  }

  list(): GraftPoint[] {
    return [...this.#points.values()];
  }
}
