// What whatwg-url finds as `tr46`: the part with its tables, evaluated at the first domain that is not ASCII.

import type { World } from './world.ts';

declare const web: World;

export const toASCII = (domain: string, options: object): string | null => web.idna().toASCII(domain, options);
