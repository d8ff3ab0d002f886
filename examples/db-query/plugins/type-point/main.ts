// Points on the earth, such as 48.8584,2.2945: degrees north and east, with at most five places. Their order is along
// Morton's curve, which keeps near ones together: the key is the curve's number in hexadecimal digits.

import { dataType } from 'graftwork-sdk';

interface Point {
  /** In 1/100,000 of a degree, from the south pole and the 180th meridian. */
  readonly north: number;
  readonly east: number;
}

const PLACES = 100_000;
const DEGREES = /^-?(0|[1-9]\d{0,2})(\.\d{1,5})?$/;
const RADIUS_KM = 6371.0088;

const parse = (text: string): Point | null => {
  const parts = text.split(',').map((part) => part.trim());
  const [latitude, longitude] = parts.map(Number);
  if (parts.length !== 2 || !parts.every((part) => DEGREES.test(part))) return null;
  if (Math.abs(latitude as number) > 90 || Math.abs(longitude as number) > 180) return null;
  const from = (degrees: number, zero: number): number => Math.round((degrees + zero) * PLACES);
  return { north: from(latitude as number, 90), east: from(longitude as number, 180) };
};

const degrees = (value: number, zero: number): number => (value - zero * PLACES) / PLACES;

const curve = ({ north, east }: Point): bigint => {
  let sum = 0n;
  for (let bit = 25; bit >= 0; bit--) sum = sum * 4n + BigInt(((north >>> bit) & 1) * 2 + ((east >>> bit) & 1));
  return sum;
};

const radians = (angle: number): number => (angle * Math.PI) / 180;

/** By the haversine formula. */
const distance = (a: Point, b: Point): number => {
  const [from, to] = [radians(degrees(a.north, 90)), radians(degrees(b.north, 90))];
  const half = (angle: number): number => Math.sin(angle / 2) ** 2;
  const turn = radians(degrees(b.east, 180) - degrees(a.east, 180));
  return (
    2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(half(to - from) + Math.cos(from) * Math.cos(to) * half(turn))))
  );
};

export const point = dataType<Point>({
  examples: ['48.8584,2.2945', '52.5163,13.3777', '-33.8568,151.2153', '0,0', '90,180', '-90,-180', '40.6892,-74.0445'],
  parse,
  format: ({ north, east }) => `${degrees(north, 90)},${degrees(east, 180)}`,
  compare: (a, b) => {
    const [one, other] = [curve(a), curve(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  },
  key: (value) => curve(value).toString(16).padStart(13, '0'),
  operators: { distance },
});
