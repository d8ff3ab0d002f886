// The floor: a forked process that answers every message with what its function makes of it (node's own channel, JSON
// serialisation).
import { runInThisContext } from 'node:vm';

const work = runInThisContext(process.argv[2]);
process.on('message', (message) => process.send(work(message)));
