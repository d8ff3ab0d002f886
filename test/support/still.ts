// A program whose event loop stands still, under the fuzzer's heartbeat, until that ends it.

import { keepHeartbeat } from '../campaign/fuzz/watchdog.ts';

const stand = async (): Promise<never> => {
  for (;;) await Promise.resolve();
};

keepHeartbeat(1000);
setTimeout(() => void stand(), 500);
