export { Stream, type Transform } from './stream.ts';
