// A plugin's process, addressed as its host does, for tests of the inside of its realms: each graft in a realm of its
// own.

import { expect } from '@jest/globals';
import type { Failure } from '../../../../src/plugins/protocol.ts';
import { type LoadOptions, type RawChild, type Received, startChild } from '../raw-child.ts';

export class RealmBed {
  readonly child: RawChild;
  #realms = 0;

  constructor(child: RawChild) {
    this.child = child;
  }

  /** Loads a module; what the process says of that. */
  loading(code: string, options: LoadOptions = {}): Promise<Received> {
    return this.child.load(++this.#realms, code, options);
  }

  /** Loads `before` and a graft; the number of the realm. */
  async load(graft: string, before = '', options: LoadOptions = {}): Promise<number> {
    const received = await this.loading(`${before}\n;({ graft: ${graft} })`, options);
    expect(received).toMatchObject({ type: 'RESULT', json: ['graft'] });
    return received.call;
  }

  /** How one call of a graft ends. */
  async outcome(
    graft: string,
    input: unknown = null,
    before = '',
    options: LoadOptions = {},
    own_ms = 1000,
  ): Promise<Received> {
    return this.child.call(await this.load(graft, before, options), input, { own_ms });
  }

  /** How one call of a graft fails. */
  async failure(graft: string, before = '', own_ms = 1000, options: LoadOptions = {}): Promise<Failure> {
    const { type, json } = await this.outcome(graft, null, before, options, own_ms);
    expect(type).toBe('FAILED');
    return json as Failure;
  }
}

export const openBed = async (): Promise<RealmBed> => new RealmBed(await startChild());
