import semver, { inc } from 'semver';

export const f = () => [
  semver.satisfies('1.9.0', '^1.2.3'),
  semver.maxSatisfying(['1.2.0', '1.10.0', '2.0.0'], '1'),
  inc('1.2.3', 'minor'),
];
