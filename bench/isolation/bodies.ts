// Bodies of grafts that never end by themselves: a compartment has to end them.

/** Bodies that never end, as expressions in JavaScript. */
export const BODIES: Readonly<Record<string, string>> = {
  loop: '(() => { for (;;); })()',
  'never settles': 'new Promise(() => {})',
  'microtask flood': 'new Promise(() => { const again = () => { Promise.resolve().then(again); }; again(); })',
  'error getter': `(() => { throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } }); })()`,
  'loop in a promise': 'Promise.resolve().then(() => { for (;;); })',
};

/** Limits on own time, in ms. */
export const LIMITS_MS = [5, 50] as const;

/** Those of them that exist in WebAssembly, as instructions. */
export const WASM_BODIES: Readonly<Record<string, string>> = { loop: '(loop $again (br $again))' };
