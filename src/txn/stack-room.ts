// A graft can run the stack out at any point of what it calls (in-thread compartments share the host's stack). Short
// steps are ordered so that this does no harm; what is long asks for room first, and fails before it has changed
// anything.

const FILLER: readonly null[] = new Array<null>(8192).fill(null);

const nothing = (): void => {};

/** As it was at the start: a realm that meters its grafts replaces it by one that is charged. */
const { apply } = Reflect;

/** Throws RangeError where less than 64 KB of stack are left. */
export const needStack = (): void => {
  apply(nothing, null, FILLER);
};

/** Whether 64 KB of stack are left: for who can leave a thing for later where they are not. */
export const hasStack = (): boolean => {
  try {
    needStack();
    return true;
  } catch {
    return false;
  }
};
