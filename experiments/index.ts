// What the benchmarks take from the experiments: the unsafe path that both measure against.

export { scriptDirect } from './script-direct.ts';
