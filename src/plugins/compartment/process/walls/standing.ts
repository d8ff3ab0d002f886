// Which walls stand around a process: as the process tells it in a byte, and as people read it.

export interface Standing {
  /** It may open no file, as far as Landlock knows. */
  readonly landlock: boolean;
  /** It may make no system call but those of policy.ts, so it has no network either. */
  readonly seccomp: boolean;
}

export const NO_WALLS: Standing = { landlock: false, seccomp: false };
export const ALL_WALLS: Standing = { landlock: true, seccomp: true };

const LANDLOCK = 1;
const SECCOMP = 2;

export const toByte = ({ landlock, seccomp }: Standing): number => (landlock ? LANDLOCK : 0) | (seccomp ? SECCOMP : 0);

export const fromByte = (byte: number): Standing => ({
  landlock: (byte & LANDLOCK) !== 0,
  seccomp: (byte & SECCOMP) !== 0,
});

/** Whether all of `wanted` stand. */
export const standsAll = (wanted: Standing, standing: Standing): boolean => (toByte(wanted) & ~toByte(standing)) === 0;

/** In words, with whether the network is taken away, which seccomp does too. */
export const wallsText = (facts: { readonly walls: Standing; readonly network: 'taken away' | 'open' }): string => {
  const standing = [
    facts.walls.seccomp ? 'seccomp' : '',
    facts.walls.landlock ? 'landlock' : '',
    facts.network === 'open' ? '' : 'no network',
  ].filter((wall) => wall !== '');
  return standing.length === 0 ? 'none' : standing.join(', ');
};
