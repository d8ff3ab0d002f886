// What a plugin's author imports: `import { refuse } from 'graftwork/sdk'`. The bundler puts the text of this module
// into the plugin.

declare global {
  var __graftwork_refuse: ((code: string, message: string) => never) | undefined;
}

/**
 * Says no on purpose: the call is undone, the caller gets `code` and `message`, and it never counts against the graft.
 */
export const refuse = (code: string, message: string): never => {
  const refused = globalThis.__graftwork_refuse;
  if (refused === undefined) throw new Error(`${code}: ${message}`);
  return refused(code, message);
};
