// Events that a host reports if no return value or error can: to the `report` of its options.

import type { ConsoleLine } from '../plugins/index.ts';

/**
 * Lines that a graft logged, reported at the end of its call; lines of a plugin's console, reported at once; and
 * failures that no caller waits for.
 */
export type HostEvent =
  | { readonly what: 'log'; readonly graft: string; readonly committed: boolean; readonly lines: readonly string[] }
  | ({
      readonly what: 'console';
      readonly plugin: string;
      /** `plugin#export`, and which call of it; null: the module itself, while it is evaluated. */
      readonly graft: string | null;
      readonly call: number | null;
    } & ConsoleLine)
  | {
      readonly what: 'host-fault' | 'undo-failed' | 'effect-failed' | 'store-failed' | 'upgrade-undone';
      readonly name: string;
      readonly error: unknown;
    };

const consoleText = ({ plugin, graft, call, level, text }: Extract<HostEvent, { what: 'console' }>): string =>
  `[${graft ?? plugin}${call === null ? '' : ` ${call}`}] ${level}: ${JSON.stringify(text)}`;

export const toStandardError = (event: HostEvent): void => {
  if (event.what === 'log') for (const line of event.lines) console.error(`[${event.graft}] ${JSON.stringify(line)}`);
  else if (event.what === 'console') console.error(consoleText(event));
  else console.error(`graftwork: ${event.what}: ${event.name}:`, event.error);
};
