// Lets no page be opened whose host has a label in Punycode: such names can look like others.

interface Navigation {
  readonly url: string;
  readonly allow: boolean;
}

export const navigation = (asked: Navigation): object => {
  const host = /^\w+:\/\/([^/?#]*)/.exec(asked.url)?.[1] ?? '';
  return /(^|\.)xn--/i.test(host) ? { ...asked, allow: false, why: 'its name could be taken for another' } : asked;
};
