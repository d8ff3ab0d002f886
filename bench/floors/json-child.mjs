// The floor: a forked process that answers every message with what its function makes of it (node's own channel, JSON
// serialisation). Its first message is the function's source.
import { runInThisContext } from 'node:vm';

process.once('message', (source) => {
  const work = runInThisContext(source);
  process.on('message', (message) => process.send(work(message)));
});
