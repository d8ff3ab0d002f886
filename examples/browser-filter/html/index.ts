export { Page, Pages } from './page.ts';
export { withHead } from './rewriter.ts';
export { policiesWith, sheetOf } from './style.ts';
