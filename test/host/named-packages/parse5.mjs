import { parseFragment, serialize } from 'parse5';

export const f = () => serialize(parseFragment('<p>a<b>c<p>d&amp'));
