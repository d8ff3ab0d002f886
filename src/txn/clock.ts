// Time comes in as a parameter. The host passes a clock over the machine's monotonic time, the kernel model one over
// emulated time, a test one that it moves by hand. Nothing below src/txn looks at a real clock.

/** An armed timer. Cancelling it after it fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/** Monotonic time in milliseconds, and a call-back after a while. `after` must not call back before it returns. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): Timer;
}
