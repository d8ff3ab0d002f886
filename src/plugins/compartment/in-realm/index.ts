// What runs in a locked realm of any engine, a browser's too: nothing here imports a module of Node, nor the rewriter.

export { lockdownRealm } from '../lockdown.ts';
export { SignedMaker } from './metered.ts';
