/** The settings of an `.npmrc` that decide what is fetched, from whom, and what runs meanwhile. */
import type { Setting, Settings } from './package-json.ts';

const WATCHED = new Set(
  `ignore-scripts registry script-shell shell node-options strict-ssl ca cafile cert certfile key
  keyfile proxy http-proxy https-proxy noproxy no-proxy git git-shell always-auth prefix
  replace-registry-host unsafe-perm onload-script globalconfig userconfig enable-pre-post-scripts
  pnpmfile global-pnpmfile ignore-pnpmfile side-effects-cache package-lock foreground-scripts
  allow-scripts dangerously-allow-all-builds only-built-dependencies before min-release-age
  minimum-release-age`.split(/\s+/),
);
const HOLDS_SECRET = /^\/\/|^_|:_|(^|:)(username|email)$|(ca|cert|key)(file)?$/;

export function npmrcSettings(text: string): Settings {
  const settings = new Map<string, Setting>();
  for (const [index, source] of text.split(/\r\n|\r|\n/).entries()) {
    const line = source.replace('\u{feff}', '').trim();
    const [written = '', ...rest] = line.split('=');
    const name = bare(written).replace(/\[\]$/, '');
    if (/^[;#[]/.test(line) || !isWatched(name)) continue;
    // Alone, a name is switched on. What is set twice is compared as a whole.
    const value = rest.length === 0 ? 'true' : bare(rest.join('='));
    const before = settings.get(name);
    settings.set(name, {
      value: before ? `${before.value}, ${value}` : value,
      line: index + 1,
      isSecret: HOLDS_SECRET.test(name) || /\/\/[^/]*@/.test(value) || before?.isSecret === true,
    });
  }
  return settings;
}

function isWatched(name: string): boolean {
  // A variable in a name could make it any of these.
  return WATCHED.has(name) || /^(\/\/|_)|:registry$|\$\{/.test(name);
}

function bare(text: string): string {
  const plain = text.trim();
  return /^(".*"|'.*')$/.test(plain) ? plain.slice(1, -1).trim() : plain;
}
