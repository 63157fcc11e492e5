/** Pages of an app that a check opens and looks at, beside the repository's own specs. */
import { z } from 'zod';
import { Id, key } from './words.ts';

const PAGES_MAX = 20;

const PagePath = z
  .string()
  .max(300)
  .regex(
    /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/,
    'expected a path of the app that begins with one slash, as in /cart',
  );

const Page = z
  .strictObject({
    path: key(PagePath, 'Where it is, below the app.'),
    name: key(
      Id.optional(),
      'What it is called in findings and files; by default made of its path.',
    ),
  })
  .transform(({ path, name }) => ({ path, name: name ?? nameOf(path) }));

export const Pages = z
  .array(Page)
  .max(PAGES_MAX)
  .check((context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of context.value.entries()) {
      const message = `another page has the name \`${name}\`; give this one a \`name\` of its own`;
      if (seen.has(name))
        context.issues.push({ code: 'custom', input: name, message, path: [index] });
      seen.add(name);
    }
  })
  .default([]);

/** In percent. */
export const FailAbove = z.number().min(0).max(100).optional();

/** `home` for the root; else its letters and digits. */
function nameOf(path: string): string {
  const words = path.toLowerCase().match(/[a-z0-9]+/g) ?? ['home'];
  return words.join('-').slice(0, 40).replace(/-$/, '');
}
