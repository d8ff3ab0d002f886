// The floor: a forked process that sends every message back (node's own channel, JSON serialisation).
process.on('message', (message) => process.send(message));
