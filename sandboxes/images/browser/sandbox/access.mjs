/** Accessibility, by axe: what the levels A and AA of WCAG 2.2 ask for and a program can see. */
import { readFileSync } from 'node:fs';

const AXE = readFileSync('/node_modules/axe-core/axe.min.js', 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export async function accessProblems(page) {
  // Evaluated and not added as a script, which the page's own security policy may forbid.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (values) => {
    const said = await window.axe.run(document, {
      ...{ runOnly: { type: 'tag', values }, resultTypes: ['violations'] },
      ...{ elementRef: false, iframes: false },
    });
    return said.violations.map(({ id, help, impact, nodes }) => ({
      ...{ id, help, impact, count: nodes.length },
      places: nodes.slice(0, 3).map(({ target }) => target.flat().join(' ')),
    }));
  }, TAGS);
  return violations.map(({ id, help, impact, count, places }) => ({
    ...{ code: 'page_not_accessible', key: id, count },
    message: `${id} (${impact}): ${help}; ${count === 1 ? '1 place' : `${count} places`}, as in ${places.join(', ')}`,
  }));
}
