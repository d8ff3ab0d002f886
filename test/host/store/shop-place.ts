// Where tests of an application's DataSource take place: a folder for each, a database's path in it, and hosts.

import { afterEach, beforeEach } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createHost, type Host } from '../../../src/host/index.ts';
import { directMaker } from '../../../src/plugins/compartment/index.ts';
import { folder } from './fixture.ts';

export interface ShopPlace {
  /** The path of a database that is not there yet. */
  readonly file: string;
  /** Hosts here have no plugins, so no process has to start. */
  open(source: DataSource): Promise<Host>;
}

/** Call it once in a file of tests: the folder is made before each of them, and removed after it. */
export const shopPlace = (): ShopPlace => {
  let place: ReturnType<typeof folder>;
  beforeEach(() => {
    place = folder();
  });
  afterEach(() => place.remove());
  return {
    get file() {
      return `${place.path}/shop.db`;
    },
    open: (source) => createHost({ store: source, report: () => {}, compartment: directMaker(new Map()) }),
  };
};
