// Typed access to a block of parameters. Each reader throws a DriveFileError that names the parameter, the file and the
// line if the parameter is missing, of another kind or out of its range. So a parser of a drive is a list of parameters
// and their places.

import { DriveFileError, type ParameterBlock, type ParameterValue } from './parameter-file.ts';

/** The range of a number. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}

/** A count, as of cylinders or sectors; the bound is far above those of any drive of the time. */
export const COUNT: NumberRange = { min: 0, max: 10_000_000, integer: true };
/** As COUNT, from 1 on. */
export const POSITIVE: NumberRange = { ...COUNT, min: 1 };
/** A time in milliseconds. */
export const TIME_MS: NumberRange = { min: 0, max: 10_000 };

export const blockValue = (block: ParameterBlock, key: string): ParameterValue => {
  const value = block.values.get(key);
  if (value === undefined) throw new DriveFileError(block.file, block.line, `${block.type}: "${key}" is missing`);
  return value;
};

export const wordsOf = (block: ParameterBlock, key: string): string => {
  const value = blockValue(block, key);
  if (value.kind !== 'words') throw new DriveFileError(block.file, value.line, `"${key}" is a ${value.kind}`);
  return value.words;
};

const toNumber = (value: ParameterValue, file: string, key: string, { min, max, integer }: NumberRange): number => {
  const number =
    value.kind === 'words' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value.words)
      ? Number(value.words)
      : Number.NaN;
  const fits =
    number >= (min ?? -Number.MAX_VALUE) &&
    number <= (max ?? Number.MAX_VALUE) &&
    (integer !== true || Number.isInteger(number));
  if (fits) return number;
  const range = `${integer === true ? 'an integer' : 'a number'} from ${min ?? '-∞'} to ${max ?? '∞'}`;
  throw new DriveFileError(file, value.line, `"${key}" is not ${range}`);
};

export const numberOf = (block: ParameterBlock, key: string, range: NumberRange): number =>
  toNumber(blockValue(block, key), block.file, key, range);

/** A time, in microseconds; the file counts in milliseconds. */
export const timeOf_us = (block: ParameterBlock, key: string, range: NumberRange = TIME_MS): number =>
  numberOf(block, key, range) * 1000;

export const flagOf = (block: ParameterBlock, key: string): boolean =>
  numberOf(block, key, { min: 0, max: 1, integer: true }) === 1;

export const itemsOf = (block: ParameterBlock, key: string): readonly ParameterValue[] => {
  const value = blockValue(block, key);
  if (value.kind !== 'list') throw new DriveFileError(block.file, value.line, `"${key}" is no list`);
  return value.items;
};

export const numbersOf = (block: ParameterBlock, key: string, range: NumberRange): number[] =>
  itemsOf(block, key).map((item) => toNumber(item, block.file, key, range));

/** A block inside another. */
export const innerBlock = (block: ParameterBlock, key: string, type: string): ParameterBlock => {
  const value = blockValue(block, key);
  if (value.kind === 'block' && value.block.type === type) return value.block;
  throw new DriveFileError(block.file, value.line, `"${key}" is not of type ${type}`);
};

/** Refuses parameters whose value the model does not have. A missing parameter counts as modelled. */
export const requireModelled = (block: ParameterBlock, modelled: Readonly<Record<string, readonly string[]>>): void => {
  for (const [key, values] of Object.entries(modelled)) {
    const value = block.values.get(key);
    if (value === undefined) continue;
    const given = value.kind === 'words' ? value.words : value.kind;
    const same = values.some((one) => one === given || (given !== '' && Number(one) === Number(given)));
    if (!same)
      throw new DriveFileError(
        block.file,
        value.line,
        `"${key} = ${given}" is not modelled; only ${values.join(' or ')}`,
      );
  }
};
