// Processes of the host's own, beside those of plugins: what starts one and speaks with it. What such a process needs
// itself is in inside.ts.

export { cpuOfProcess } from '../thread-cpu.ts';
export { type Channel, openChannel } from './channel.ts';
export { wrapper } from './command.ts';
export { childEnvironment } from './environment.ts';
export { FrameReader, FrameWriter } from './frames.ts';
export { wallsAddon } from './walls/addon.ts';
export { standingOf } from './walls/probe.ts';
export { type Standing, standsAll } from './walls/standing.ts';
