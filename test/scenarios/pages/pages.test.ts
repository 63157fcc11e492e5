/** The app and its browsers on the real engine: apart from each other, and what our looks at pages find. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { leftOver, testFactory } from '../support.ts';
import { tinyRepository } from '../tiny.ts';
import { APP_FILES, checkingOn, repositoryFolder } from './checking.ts';

/** Wide, pale, and out of reach of a keyboard already; the change adds a word on the console. */
const OLD =
  '<div style="width:600px">wide</div><p style="color:#ddd">pale</p><span onclick="1">press</span>';
const page = APP_FILES['page.html'].replace('</main>', `${OLD}</main>`);

test('an app and its browser share a loopback and nothing else; what a change did to a page is told from what was there', async () => {
  const factory = await testFactory('pages');
  const repository = tinyRepository(repositoryFolder(factory), { ...APP_FILES, 'page.html': page });
  const { attempts, check } = await checkingOn(factory, repository);
  const change = `sed -i 's#</body>#<script>console.error("not that")</script></body>#' page.html`;
  const said = await check(change);

  expect(said.tests).toMatchObject({ run: 2, failed: 0 });
  expect(said).toMatchObject({
    verdict: 'failed',
    findings: [
      {
        code: 'page_console_error',
        message: '/ on a desktop and a phone: not that',
        where: '/',
      },
    ],
  });
  expect(said.notes?.map(({ code }) => code).sort()).toEqual([
    'page_keyboard',
    'page_not_accessible',
    'page_overflow',
  ]);
  const names = said.evidence.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['pages/home-desktop-after.png', 'pages/home-desktop-before.png'],
      ...['pages/home-phone-after.png', 'pages/home-phone-before.png'],
      ...['pages/report-after.json', 'pages/report-before.json', 'junit.xml', 'output.txt'],
    ]),
  );
  expect(names.filter((name) => /^specs\/.*\.(zip|png)$/.test(name)).length).toBeGreaterThanOrEqual(
    2,
  );
  expect(leftOver(attempts.run).filter((name) => !name.endsWith('-workspace'))).toEqual([]);
  expect(execFileSync('docker', ['ps', '-aq', '--filter', `name=${attempts.run}`]).length).toBe(0);
});
