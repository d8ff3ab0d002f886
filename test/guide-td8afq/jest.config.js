export default {
  transform: { '\\.ts$': './strip-types.cjs' },
  extensionsToTreatAsEsm: ['.ts'],
  testTimeout: 30_000,
};
