// URL and URLSearchParams, as whatwg-url has them.

import { URLSearchParams as ParamsInterface, URL as UrlInterface } from 'whatwg-url/webidl2js-wrapper.js';

interface Globals {
  URL?: unknown;
  URLSearchParams?: unknown;
}

const globals: Globals & object = { Array, Object, Promise, String, TypeError } as object;
UrlInterface.install(globals, ['Worker']);
ParamsInterface.install(globals, ['Worker']);

const { URL, URLSearchParams } = globals;

export { URL, URLSearchParams };
