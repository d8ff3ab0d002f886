// Replaces methods while something runs, and puts the old ones back whatever happens.

/** A broken twin: one mechanism of src/txn, deliberately wrong, for as long as `run` lasts. */
export interface Twin {
  readonly breaks: string;
  readonly law: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  during<T>(run: () => T): T;
}

type Method<P, K extends keyof P> = P[K] extends (...args: infer A) => infer R ? (this: P, ...args: A) => R : never;

/** Puts `make(old)` in the place of a prototype's method. */
export const replace = <P extends object, K extends keyof P>(
  prototype: P,
  name: K,
  make: (old: Method<P, K>) => Method<P, K>,
): (() => void) => {
  const old = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, { ...old, value: make(old.value as Method<P, K>) });
  return () => Object.defineProperty(prototype, name, old);
};

/** Puts another getter in the place of a prototype's. */
export const replaceGetter = <P extends object, K extends keyof P>(
  prototype: P,
  name: K,
  get: (this: P) => P[K],
): (() => void) => {
  const old = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, { ...old, get });
  return () => Object.defineProperty(prototype, name, old);
};

export const twin = (law: Twin['law'], breaks: string, install: () => (() => void)[]): Twin => ({
  law,
  breaks,
  during: (run) => {
    const restore = install();
    try {
      return run();
    } finally {
      for (const one of restore.reverse()) one();
    }
  },
});
