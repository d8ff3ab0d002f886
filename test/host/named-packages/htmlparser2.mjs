import { DomUtils, parseDocument } from 'htmlparser2';

export const f = () => {
  const page = parseDocument('<ul><li>a<li class=x>b &lt; c</ul>');
  const item = DomUtils.findOne(({ attribs }) => attribs.class === 'x', page.children);
  return [DomUtils.getElementsByTagName('li', page).length, DomUtils.textContent(item)];
};
