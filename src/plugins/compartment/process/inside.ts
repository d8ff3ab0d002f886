// What a process of the host's own needs inside, and nothing that its program would have to carry without need: frames
// to speak with the host, and walls to raise around itself.

export { FrameReader, FrameWriter } from './frames.ts';
export { type Guarded, guard } from './walls/guard.ts';
export { ANONYMOUS, computing, type Policy } from './walls/policy.ts';
export { toByte } from './walls/standing.ts';
export { LAST_GIVEN } from './walls/walls.ts';
