/** Host patterns that are valid and name machines of strangers too. */
import { plainHost } from '../hosts.ts';
import type { Found, Linting } from './report.ts';

/** Anybody gets a name below these within minutes, and could be sent what an agent knows. */
const SHARED = new Set([
  'amazonaws.com',
  'appspot.com',
  'azureedge.net',
  'azurewebsites.net',
  'b-cdn.net',
  'blob.core.windows.net',
  'blogspot.com',
  'cloudapp.azure.com',
  'cloudflarestorage.com',
  'cloudfront.net',
  'cloudfunctions.net',
  'codeberg.page',
  'core.windows.net',
  'deno.dev',
  'digitaloceanspaces.com',
  'duckdns.org',
  'fastly.net',
  'firebaseapp.com',
  'firebaseio.com',
  'fly.dev',
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'googleapis.com',
  'googleusercontent.com',
  'herokuapp.com',
  'hf.space',
  'lhr.life',
  'loca.lt',
  'netlify.app',
  'ngrok-free.app',
  'ngrok.app',
  'ngrok.io',
  'oastify.com',
  'on.aws',
  'onrender.com',
  'pages.dev',
  'railway.app',
  'readthedocs.io',
  'render.com',
  'repl.co',
  'run.app',
  'sharepoint.com',
  'storage.googleapis.com',
  'surge.sh',
  'trafficmanager.net',
  'trycloudflare.com',
  'vercel.app',
  'web.app',
  'webhook.site',
  'windows.net',
  'wordpress.com',
  'workers.dev',
]);

/** Labels under which countries hand out names: `co.uk`, `com.au`, `ac.jp`. */
const REGISTRY_LABELS =
  /^(ac|co|com|edu|gob|gouv|gov|go|ltd|me|mil|ne|net|or|org|plc|sch)\.[a-z]{2}$/;
/** A region of a cloud in front: `s3.eu-west-1.amazonaws.com` is as wide as what it is below. */
const CLOUD = /(^|\.)(amazonaws\.com(\.cn)?|core\.windows\.net|digitaloceanspaces\.com)$/;

export function networkFindings({ loaded }: Linting): Found[] {
  return (['setup', 'agent'] as const).flatMap((phase) =>
    (loaded.policy.network?.[phase] ?? []).flatMap(({ host }, index): Found[] => {
      if (host === null || !isShared(host)) return [];
      const path = ['network', 'phases', phase, 'allow', index, 'host'];
      const message = `anybody can have a name that \`${host}\` covers`;
      const hint = 'name the hosts that are meant';
      return [{ code: 'P0407', severity: 'error', path, message, hint }];
    }),
  );
}

function isShared(pattern: string): boolean {
  if (!pattern.startsWith('*.')) return false;
  const name = plainHost(pattern.slice(2)) ?? '';
  return SHARED.has(name) || REGISTRY_LABELS.test(name) || CLOUD.test(name);
}
