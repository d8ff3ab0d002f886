// The host's side of plugins' consoles: each line is an event of its own. A plugin that says more than its part of a
// minute is not heard for the rest of it.

import type { ConsoleLine } from '../plugins/index.ts';
import type { HostEvent } from './host-event.ts';

const MINUTE_MS = 60_000;
/** Lines, and UTF-16 units of text, of one plugin in a minute. */
const LINES_MAX = 10_000;
const UNITS_MAX = 2 ** 20;

/** Who said a line; null: the module itself. */
export interface Speaker {
  readonly graft: string | null;
  readonly call: number | null;
}

/** What a plugin has said in this minute. */
interface Heard {
  lines: number;
  units: number;
}

export class ConsoleLog {
  readonly #report: (event: HostEvent) => void;
  #minute = 0;
  readonly #heard = new Map<string, Heard>();
  readonly #now_ms: () => number;

  constructor(report: (event: HostEvent) => void, now_ms: () => number = Date.now) {
    this.#report = report;
    this.#now_ms = now_ms;
  }

  told(plugin: string, speaker: Speaker, line: ConsoleLine): void {
    const heard = this.#of(plugin);
    if (heard.lines > LINES_MAX) return;
    heard.lines++;
    heard.units += line.text.length;
    if (heard.lines <= LINES_MAX && heard.units <= UNITS_MAX)
      return this.#report({ what: 'console', plugin, ...speaker, ...line });
    heard.lines = LINES_MAX + 1;
    const text = 'more lines of this plugin are dropped for the rest of the minute';
    this.#report({ what: 'console', plugin, graft: null, call: null, level: 'warn', text });
  }

  #of(plugin: string): Heard {
    const minute = Math.floor(this.#now_ms() / MINUTE_MS);
    if (minute !== this.#minute) this.#heard.clear();
    this.#minute = minute;
    const heard = this.#heard.get(plugin) ?? { lines: 0, units: 0 };
    this.#heard.set(plugin, heard);
    return heard;
  }
}
