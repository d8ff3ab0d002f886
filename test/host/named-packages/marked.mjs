import { marked } from 'marked';

export const f = () => marked.parse('# A\n\n*b* `<c>`');
