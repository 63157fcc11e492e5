/**
 * Looks at pages of an app as a visitor would, at two widths, and says what is wrong with them: reads
 * `pages.json` from its home folder, and leaves pictures and `pages.json` in /out.
 *
 * Ours, baked into the image: no code of the workspace runs in this sandbox but in the pages themselves.
 * What it says is read by the controller as what nobody trusts, so that a page that took over the browser
 * gets no further than its own verdict.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { accessProblems } from './access.mjs';
import { keyboardProblems } from './keyboard.mjs';
import { overflowProblems } from './overflow.mjs';
import { compared } from './pictures.mjs';
import { watch } from './watch.mjs';

/** From the image's own folder, whatever lies in a workspace. */
const { chromium } = createRequire('/node_modules/')('playwright-core');

const WIDTHS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
const OUT = '/out/pages';
const OPEN_MS = 15_000;
/** A page that never stops asking is looked at after this. */
const QUIET_MS = 3_000;
const HEIGHT_MAX = 8_000;
const NOTHING = { picture: null, change: null, cut: [], unseen: [] };

const {
  origin,
  pages,
  before,
  browser: launch,
} = JSON.parse(readFileSync(path.join(process.env.HOME, 'pages.json'), 'utf8'));
mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch(launch);
const looks = [];
for (const page of pages) {
  const both = Object.keys(WIDTHS).map((width) => look(page, width));
  looks.push(...(await Promise.all(both)));
}
await browser.close();
writeFileSync('/out/pages.json', JSON.stringify({ version: 1, looks }));

async function look({ name, path: where }, width) {
  const context = await browser.newContext({
    ...WIDTHS[width],
    ...{ baseURL: origin, locale: 'en-US', timezoneId: 'UTC' },
    ...{ colorScheme: 'light', reducedMotion: 'reduce', serviceWorkers: 'block' },
  });
  try {
    const page = await context.newPage();
    const seen = watch(page, origin);
    const opened = await page.goto(where, { timeout: OPEN_MS }).then(
      () => null,
      (error) => firstLine(error.message),
    );
    if (opened !== null) {
      seen.tell('page_request_failed', `open ${where}`, `the page did not open: ${opened}`);
      return { name, width, ...NOTHING, problems: seen.problems() };
    }
    await page.waitForLoadState('networkidle', { timeout: QUIET_MS }).catch(() => {});
    return { name, width, ...(await inspected(page, { name, width, seen })) };
  } finally {
    await context.close();
  }
}

/** The picture first: later parts press keys. One that breaks is told of, and the others go on. */
async function inspected(page, { name, width, seen }) {
  const cut = [];
  const unseen = [];
  const part = async (what, work) =>
    work().catch((error) => {
      unseen.push(`${what} could not be looked at: ${firstLine(error.message)}`);
      return null;
    });
  const shot = await part('the picture', () => picture(page, width, cut));
  const file = `${name}-${width}`;
  if (shot !== null) writeFileSync(path.join(OUT, `${file}.png`), shot);
  const earlier = before[file];
  const change =
    shot === null || earlier === undefined
      ? null
      : await part('the difference', async () => compared(Buffer.from(earlier, 'base64'), shot));
  if (change?.picture) writeFileSync(path.join(OUT, `${file}-diff.png`), change.picture);
  if (width === 'phone') seen.tellAll(await part('the width', () => overflowProblems(page)));
  seen.tellAll(await part('accessibility', () => accessProblems(page)));
  seen.tellAll(await part('the keyboard', () => keyboardProblems(page, cut)));
  return {
    picture: shot === null ? null : `pages/${file}.png`,
    change: change && {
      pixels: change.pixels,
      share: change.share,
      picture: change.picture ? `pages/${file}-diff.png` : null,
    },
    ...{ cut, unseen },
    problems: seen.problems(),
  };
}

/** As wide as the screen: what sticks out of it is a finding of its own. */
async function picture(page, width, cut) {
  const tall = await page.evaluate(() => document.documentElement.scrollHeight);
  const { viewport } = WIDTHS[width];
  const height = Math.min(HEIGHT_MAX, Math.max(tall, viewport.height));
  if (tall > HEIGHT_MAX) cut.push(`the picture ends at ${HEIGHT_MAX} of ${tall} pixels`);
  return page.screenshot({
    ...{ fullPage: true, clip: { x: 0, y: 0, width: viewport.width, height } },
    ...{ animations: 'disabled', scale: 'css' },
  });
}

function firstLine(message) {
  return message.split('\n')[0].slice(0, 300);
}
