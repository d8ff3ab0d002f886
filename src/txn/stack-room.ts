// Room on the stack. A graft can run the stack out at any point of the code it calls, since in-thread compartments
// share the host's stack. Short steps are ordered so that this does no harm. Longer work asks for room first, and fails
// before it has changed anything.

const FILLER: readonly null[] = new Array<null>(8192).fill(null);

const nothing = (): void => {};

/** `Reflect.apply` as it was at the start: a realm that meters its grafts replaces it by one that is charged. */
const { apply } = Reflect;

/** Throws RangeError where less than 64 KB of stack are left. */
export const needStack = (): void => {
  apply(nothing, null, FILLER);
};

/** Whether 64 KB of stack are left, for code that can leave its work for later otherwise. */
export const hasStack = (): boolean => {
  try {
    needStack();
    return true;
  } catch {
    return false;
  }
};
