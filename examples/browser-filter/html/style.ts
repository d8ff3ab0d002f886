// Style sheets of hidden selectors, and policies that let such a sheet or a script in.

import { createHash } from 'node:crypto';

/**
 * What is wrong with selectors; null: nothing. No text of one may end the sheet, its rule or its element: braces, angle
 * brackets that open a tag, and comments stand only where a string or an escape holds them, so they are refused.
 */
export const rulesFault = (selectors: readonly string[]): string | null => {
  const wrong = selectors.find((selector) => !isOneSelector(selector));
  return wrong === undefined ? null : `${wrong.slice(0, 100)} is no selector`;
};

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** Whether brackets and quotes of a selector are balanced, and nothing stands in it that could end a rule. */
const isOneSelector = (text: string): boolean => {
  if (/[<\n\r\f\0]|\/\*|[@]import/i.test(text)) return false;
  const open: string[] = [];
  let quote: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const one = text[i] as string;
    if (one === '\\') i++;
    else if (quote !== null) quote = one === quote ? null : quote;
    else if (one === '"' || one === "'") quote = one;
    else if ('{};@'.includes(one)) return false;
    else if (one in CLOSING) open.push(CLOSING[one] as string);
    else if ((one === ')' || one === ']') && open.pop() !== one) return false;
  }
  return quote === null && open.length === 0 && !text.endsWith('\\');
};

/** A rule for each selector: one that a browser does not know costs itself alone. */
export const sheetOf = (selectors: readonly string[]): string =>
  [...new Set(selectors)].map((selector) => `${selector}{display:none!important}`).join('\n');

/** The source expression of an inline text. */
export const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

type Directive = [name: string, sources: string[]];

const FALLBACKS: Readonly<Record<'style' | 'script', readonly string[]>> = {
  style: ['style-src-elem', 'style-src', 'default-src'],
  script: ['script-src-elem', 'script-src', 'default-src'],
};

/** One policy with an inline text let in, whatever else it says. */
const policyWith = (policy: string, kind: 'style' | 'script', hash: string): string => {
  const directives: Directive[] = policy
    .split(';')
    .map((text) => text.trim().split(/\s+/))
    .flatMap(([name = '', ...sources]) => (name === '' ? [] : [[name.toLowerCase(), sources] as Directive]));
  const found = FALLBACKS[kind].map((name) => directives.find(([other]) => other === name)).find(Boolean);
  if (found === undefined || lets(found[1])) return policy;
  const sources = [...found[1].filter((source) => source.toLowerCase() !== "'none'"), hash];
  if (found[0] === 'default-src') directives.push([`${kind}-src`, sources]);
  else found[1] = sources;
  return directives.map(([name, all]) => [name, ...all].join(' ')).join('; ');
};

/** Whether inline texts are let in already; a hash beside that would take it back. */
const lets = (sources: readonly string[]): boolean =>
  sources.some((source) => source.toLowerCase() === "'unsafe-inline'") &&
  !sources.some((source) => /^'(nonce-|sha\d)|^'strict-dynamic'/i.test(source));

/** A header's policies with an inline text let in. */
export const policiesWith = (header: string, kind: 'style' | 'script', text: string): string =>
  header
    .split(',')
    .map((policy) => policyWith(policy, kind, hashOf(text)))
    .join(', ');
