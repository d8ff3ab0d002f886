import { createHost } from 'graftwork';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

const order = z.object({
  product: z.number().int(),
  count: z.number().int().positive(),
  country: z.string().length(2),
  customer: z.string(),
});

type Mail = (id: string, text: string) => Promise<void>;

export const openHosting = async (source: DataSource, mail: Mail, registry?: string) => {
  const host = await createHost(registry === undefined ? { store: source } : { store: source, registry });
  const visits = host.map<number>('visits', { stored: true });
  const letters = host.channel('letters', async (id, payload) => {
    await mail(id, String(payload));
  });

  const price = host.graftPoint({
    name: 'shop/price',
    kind: 'function',
    input: order.extend({ list: z.number() }),
    output: z.number().nonnegative(),
    default: ({ list }) => list,
    check: (answer, { list }) => answer <= list || 'a discount may not raise a price',
    callable: {
      product: host.table('product').callables({ read: ['id', 'name', 'stock'] }),
      visits: visits.writable(),
      log: host.log,
    },
    limits: { own_ms: 20 },
  });

  const accept = host.graftPoint({
    name: 'shop/accept',
    kind: 'chain',
    input: order,
    output: order,
    onFault: 'deny',
  });

  const ordered = host.graftPoint({
    name: 'shop/ordered',
    kind: 'event',
    input: order.extend({ paid: z.number() }),
    callable: { mail: letters.callable, log: host.log },
  });

  await host.restore();
  return { host, price, accept, ordered };
};

export type Hosting = Awaited<ReturnType<typeof openHosting>>;
