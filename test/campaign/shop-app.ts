// A shop as people write them: express, TypeORM entities with decorators, a migration, and routes that read, decide and
// write in transactions of their own. It knows nothing of grafts.

import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Column, DataSource, Entity, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

/** Decorators are called by hand: what strips the types of tests transforms no syntax. */
export class Product {
  id!: number;
  name!: string;
  stock!: number;
  price!: number;
  views!: number;
}
PrimaryGeneratedColumn()(Product.prototype, 'id');
Column('text')(Product.prototype, 'name');
Column('integer')(Product.prototype, 'stock');
Column('integer')(Product.prototype, 'price');
Column('integer', { default: 0 })(Product.prototype, 'views');
Entity('product')(Product);

export class Purchase {
  key!: string;
  product!: Product;
  count!: number;
  version!: number;
}
PrimaryColumn('text')(Purchase.prototype, 'key');
ManyToOne(() => Product, { nullable: false })(Purchase.prototype, 'product');
Column('integer')(Purchase.prototype, 'count');
VersionColumn()(Purchase.prototype, 'version');
Entity('purchase')(Purchase);

/** What grafts write down. */
export class Remark {
  id!: number;
  text!: string;
}
PrimaryGeneratedColumn()(Remark.prototype, 'id');
Column('text')(Remark.prototype, 'text');
Entity('remark')(Remark);

class Shop1700000000000 {
  readonly name = 'Shop1700000000000';

  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    for (const sql of [
      'CREATE TABLE product (id integer PRIMARY KEY AUTOINCREMENT, name text NOT NULL, stock integer NOT NULL ' +
        'CHECK (stock >= 0), price integer NOT NULL, views integer NOT NULL DEFAULT 0)',
      'CREATE TABLE purchase (key text PRIMARY KEY, productId integer NOT NULL REFERENCES product (id), ' +
        'count integer NOT NULL, version integer NOT NULL)',
      'CREATE TABLE remark (id integer PRIMARY KEY AUTOINCREMENT, text text NOT NULL)',
    ])
      await runner.query(sql);
  }

  async down(): Promise<void> {}
}

export const openShop = async (database: string): Promise<DataSource> => {
  const source = new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [Product, Purchase, Remark],
    migrations: [Shop1700000000000],
    migrationsRun: true,
  });
  return source.initialize();
};

interface Order {
  readonly key: string;
  readonly product: number;
  readonly count: number;
}

/** Takes goods from the stock and writes the purchase. False: there are not enough. */
const buy = (source: DataSource, { key, product: id, count }: Order): Promise<boolean> =>
  source.transaction(async (entities) => {
    const product = await entities.findOneByOrFail(Product, { id });
    if (product.stock < count) return false;
    product.stock -= count;
    await entities.save(product);
    await entities.save(Purchase, { key, product, count });
    return true;
  });

/** `POST /buy` answers 201, or 409 where there are not enough; `PUT /price` 204. */
export const shopApp = (source: DataSource): Express => {
  const app = express();
  app.use(express.json());
  app.post('/buy', async (request, response) => {
    response.status((await buy(source, request.body as Order)) ? 201 : 409).end();
  });
  app.put('/price', async (request, response) => {
    const { product: id, price } = request.body as { product: number; price: number };
    await source.getRepository(Product).update({ id }, { price });
    response.status(204).end();
  });
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).send(error.message);
  });
  return app;
};
