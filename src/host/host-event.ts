// What a host tells of itself when there is nobody to tell by a return value or an error.

/** Lines that a graft logged, told with the end of its call; and what failed where nobody waits for an answer. */
export type HostEvent =
  | { readonly what: 'log'; readonly graft: string; readonly committed: boolean; readonly lines: readonly string[] }
  | {
      readonly what: 'host-fault' | 'undo-failed' | 'effect-failed' | 'store-failed';
      readonly name: string;
      readonly error: unknown;
    };

export const toStandardError = (event: HostEvent): void => {
  if (event.what === 'log') for (const line of event.lines) console.error(`[${event.graft}] ${JSON.stringify(line)}`);
  else console.error(`graftwork: ${event.what}: ${event.name}:`, event.error);
};
