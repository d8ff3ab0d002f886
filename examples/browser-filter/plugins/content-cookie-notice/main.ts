// Hides notices about cookies: elements that are named so and speak of cookies.

interface Page {
  query(selector: string): number[];
  text(element: number): string;
  hide(element: number): void;
}

const NOTICES = '[id*="cookie" i], [class*="cookie" i], [class*="consent" i]';

export const tidy = (_input: { url: string }, { page }: { page: Page }): void => {
  for (const element of page.query(NOTICES))
    if (page.text(element).toLowerCase().includes('cookie')) page.hide(element);
};
