import { FiltersEngine, Request } from '@ghostery/adblocker';
import bytes from './engine.bin';

const engine = FiltersEngine.deserialize(bytes);

const blocks = (url) =>
  engine.match(Request.fromRawDetails({ url, type: 'script', sourceUrl: 'https://news.example/' })).match;

export const f = () => [
  blocks('https://ads.example/a.js'),
  blocks('https://ads.example/allowed'),
  blocks('https://cdn.example/a.js'),
];
