import express, { type Express } from 'express';
import { DataSource, EntitySchema } from 'typeorm';

export interface Product {
  id: number;
  name: string;
  price: number;
  stock: number;
}

export interface Purchase {
  id: number;
  product: number;
  count: number;
  country: string;
  paid: number;
}

export const products = new EntitySchema<Product>({
  name: 'product',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    name: { type: 'text' },
    price: { type: 'integer' },
    stock: { type: 'integer' },
  },
});

export const purchases = new EntitySchema<Purchase>({
  name: 'purchase',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    product: { type: 'integer' },
    count: { type: 'integer' },
    country: { type: 'text' },
    paid: { type: 'integer' },
  },
});

class Shop1700000000000 {
  name = 'Shop1700000000000';
  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query(`CREATE TABLE product (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, name text NOT NULL,
      price integer NOT NULL, stock integer NOT NULL)`);
    await runner.query(`CREATE TABLE purchase (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, product integer NOT NULL,
      count integer NOT NULL, country text NOT NULL, paid integer NOT NULL)`);
    await runner.query("INSERT INTO product (name, price, stock) VALUES ('tea', 10, 100), ('cup', 25, 8)");
  }
  async down(): Promise<void> {}
}

export const openDatabase = (database: string): Promise<DataSource> =>
  new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [products, purchases],
    migrations: [Shop1700000000000],
    migrationsRun: true,
  }).initialize();

export interface Order {
  product: number;
  count: number;
  country: string;
  customer: string;
}
