import { camelCase, chunk, groupBy } from 'lodash-es';

export const f = () => [chunk([1, 2, 3], 2), camelCase('--foo-bar--'), groupBy([6.1, 4.2, 6.3], Math.floor)];
