// Source runs as it is: Node strips the types, so Jest does the same.
import { availableParallelism } from 'node:os';

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.cjs' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/examples/.*/plugins/'],
  testTimeout: 60_000,
  globalSetup: '<rootDir>/test/support/run-begin.ts',
  globalTeardown: '<rootDir>/test/support/run-end.ts',
  // Two at a time, on a machine with two cores too: much of the time is spent waiting for other processes.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
