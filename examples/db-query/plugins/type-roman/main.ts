// Roman numerals from I to MMMCMXCIX: the smallest data type there is to read.

import { dataType } from 'graftwork-sdk';

const LETTERS: readonly (readonly [string, number])[] = [
  ['M', 1000],
  ['CM', 900],
  ['D', 500],
  ['CD', 400],
  ['C', 100],
  ['XC', 90],
  ['L', 50],
  ['XL', 40],
  ['X', 10],
  ['IX', 9],
  ['V', 5],
  ['IV', 4],
  ['I', 1],
];

const format = (value: number): string => {
  let left = value;
  let text = '';
  for (const [letters, worth] of LETTERS)
    while (left >= worth) {
      text += letters;
      left -= worth;
    }
  return text;
};

const parse = (text: string): number | null => {
  let left = text.toUpperCase();
  let value = 0;
  for (const [letters, worth] of LETTERS)
    while (left.startsWith(letters)) {
      left = left.slice(letters.length);
      value += worth;
    }
  // What is written otherwise than we write it (IIII, IC) is no numeral.
  return left === '' && value > 0 && value < 4000 && format(value) === text.toUpperCase() ? value : null;
};

export const roman = dataType<number>({
  examples: ['I', 'IV', 'IX', 'XLII', 'MCMXCVI', 'MMXXVI', 'mmmcmxcix'],
  parse,
  format,
  compare: (a, b) => a - b,
  key: (value) => String(value).padStart(4, '0'),
  operators: { plus: (a, b) => (a + b < 4000 ? format(a + b) : null) },
});
