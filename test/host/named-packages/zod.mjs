import { z } from 'zod';

const Order = z.object({ n: z.coerce.number().int().positive(), tags: z.array(z.string()).min(1) });

export const f = () => [
  Order.parse({ n: '7', tags: ['a'] }),
  Order.safeParse({ n: -1, tags: [] }).error.issues.map(({ path }) => path),
];
