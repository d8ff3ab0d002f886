// The arm and the spindle. The spindle turns evenly for ever: at time 0 the index mark is under the heads, and again
// after each revolution (a drive's phase at power-on is unknown; DiskSim starts there, too). The arm stands at a
// cylinder with one head switched on, or is on its way there until `settled_us`.
//
//   mechanism.move(to, from_us, write)    starts at that time, but not before an earlier move ended; gives the time of
//                                         arrival
//   mechanism.passes_us(angle, from_us)   the first time from then on at which that angle is under the heads

import type { DriveSpec, SeekCurve } from './drive-spec.ts';

const byPoints = (points: readonly (readonly [number, number])[], distance: number): number => {
  let right = points.findIndex(([cylinders]) => cylinders >= distance);
  if (right < 0) right = points.length - 1;
  const [d2, t2] = points[right] as readonly [number, number];
  if (d2 === distance || right === 0) return t2;
  const [d1, t1] = points[right - 1] as readonly [number, number];
  return t1 + ((distance - d1) * (t2 - t1)) / (d2 - d1);
};

/** The time of an arm movement over a distance in whole cylinders, in microseconds; no distance takes no time. */
export const seekTime_us = (curve: SeekCurve, distance: number): number => {
  if (distance === 0) return 0;
  if (curve.kind === 'points') return byPoints(curve.points, distance);
  const first = curve.first_us[distance - 1];
  if (first !== undefined) return first;
  if (distance < curve.split_cylinders) return curve.root_base_us + curve.root_us * Math.sqrt(distance);
  return curve.line_base_us + curve.line_us * distance;
};

/** The position of the arm, or its destination. */
export interface ArmPosition {
  readonly cylinder: number;
  readonly head: number;
}

/** The moving parts of a drive, as a state machine without a clock: every call gives the time. */
export class DriveMechanism {
  /** The arm's position after the last move; it starts at cylinder 0. */
  position: ArmPosition = { cylinder: 0, head: 0 };
  /** When the last move ends. */
  settled_us = 0;
  readonly rotation_us: number;
  readonly #spec: Pick<DriveSpec, 'seek' | 'head_switch_us' | 'write_settle_us'>;

  constructor(spec: Pick<DriveSpec, 'rotation_us' | 'seek' | 'head_switch_us' | 'write_settle_us'>) {
    this.rotation_us = spec.rotation_us;
    this.#spec = spec;
  }

  /**
   * The time of a move: arm and head switch run at the same time, and a write settles after them. No movement takes no
   * time.
   */
  move_us(to: ArmPosition, write: boolean): number {
    const { seek, head_switch_us, write_settle_us } = this.#spec;
    const arm_us = seekTime_us(seek, Math.abs(to.cylinder - this.position.cylinder));
    const moving_us = Math.max(arm_us, to.head === this.position.head ? 0 : head_switch_us);
    return moving_us === 0 ? 0 : Math.max(0, moving_us + (write ? write_settle_us : 0));
  }

  /** Moves the arm, which takes at least `minimum_us`. The answer: the time of arrival. */
  move(to: ArmPosition, from_us: number, write = false, minimum_us = 0): number {
    const time_us = Math.max(this.move_us(to, write), minimum_us);
    this.settled_us = Math.max(from_us, this.settled_us) + time_us;
    this.position = { cylinder: to.cylinder, head: to.head };
    return this.settled_us;
  }

  passes_us(angle: number, from_us: number): number {
    const wait_us = (angle * this.rotation_us - from_us) % this.rotation_us;
    return from_us + (wait_us < 0 ? wait_us + this.rotation_us : wait_us);
  }
}
