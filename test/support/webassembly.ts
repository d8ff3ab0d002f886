// WebAssembly modules from their text form.

import type wabt from 'wabt';

let assembler: ReturnType<typeof wabt> | null = null;

/** A module in base64, as a `wasm` compartment takes it. The assembler is loaded with the first. */
export const assembled = async (text: string): Promise<string> => {
  assembler ??= import('wabt').then((module) => module.default());
  const module = (await assembler).parseWat('plugin.wat', text);
  try {
    return Buffer.from(module.toBinary({}).buffer).toString('base64');
  } finally {
    module.destroy();
  }
};
