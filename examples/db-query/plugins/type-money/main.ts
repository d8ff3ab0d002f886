// Amounts of money such as EUR 12.50, in the order of the currency, then of the amount: amounts of two currencies have
// no order of their own. The key: the currency, the sign, the amount in cents by its length and digits; below zero each
// digit stands for what it lacks of nine.

import { dataType } from 'graftwork-sdk';

interface Money {
  readonly currency: string;
  readonly cents: bigint;
}

const AMOUNT = /^([A-Z]{3}) (-?)(\d{1,25})(?:\.(\d\d))?$/;

const parse = (text: string): Money | null => {
  const match = AMOUNT.exec(text);
  if (match === null) return null;
  const [, currency = '', sign, whole = '', cents = '00'] = match;
  const amount = BigInt(whole + cents);
  return { currency, cents: sign === '-' ? -amount : amount };
};

const format = ({ currency, cents }: Money): string => {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${currency} ${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

const key = ({ currency, cents }: Money): string => {
  const digits = String(cents < 0n ? -cents : cents).padStart(27, '0');
  if (cents >= 0n) return `${currency}1${digits}`;
  return `${currency}0${[...digits].map((digit) => 9 - Number(digit)).join('')}`;
};

export const money = dataType<Money>({
  examples: ['EUR 12.50', 'EUR -0.01', 'EUR 0.00', 'EUR -12.50', 'CHF 1000000', 'USD 9.99', 'USD 10.00'],
  parse,
  format,
  compare: (a, b) =>
    a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : a.cents < b.cents ? -1 : a.cents > b.cents ? 1 : 0,
  key,
  operators: {
    plus: (a, b) => (a.currency === b.currency ? format({ ...a, cents: a.cents + b.cents }) : null),
    currency: (a) => a.currency,
  },
});
