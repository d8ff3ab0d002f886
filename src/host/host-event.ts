// Events that a host reports if no return value or error can: to the `report` of its options.

/** Lines that a graft logged, reported at the end of its call; and failures that no caller waits for. */
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
