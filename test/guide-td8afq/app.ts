import express, { type Express } from 'express';
import { GraftError } from 'graftwork';
import type { Hosting } from './hosting.ts';
import { type Order, products, purchases } from './shop.ts';

export const shopApp = ({ host, price, accept, ordered }: Hosting): Express => {
  const app = express();
  app.use(express.json());
  app.post('/orders', async (request, response) => {
    const order = request.body as Order;
    const paid = await host.transaction(async (txn) => {
      const principal = order.customer;
      const product = await txn.entities.findOneByOrFail(products, { id: order.product });
      const accepted = await accept.call(order, { txn, principal });
      const each = await price.call({ ...accepted, list: product.price }, { txn, principal });
      if (product.stock < accepted.count) throw new Error('not enough in stock');
      await txn.entities.update(products, { id: product.id }, { stock: product.stock - accepted.count });
      const { count, country } = accepted;
      await txn.entities.insert(purchases, { product: product.id, count, country, paid: each * count });
      await ordered.call({ ...accepted, paid: each * count }, { txn, principal });
      return each * count;
    });
    response.status(201).json({ paid });
  });
  app.use(((error, _request, response, _next) => {
    const status = error instanceof GraftError ? error.status : 500;
    response.status(status).json({ error: error.message });
  }) satisfies express.ErrorRequestHandler);
  return app;
};
