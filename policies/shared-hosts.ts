/**
 * Names that stand for machines of strangers. A pattern above them, and a host at which anybody can
 * leave something, opens a way out to whoever asks for it.
 */
import { plainHost } from './hosts.ts';

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

/** Hosts that keep what anybody with an account sends them. */
const OF_ANYBODY = new Set([
  'api.bitbucket.org',
  'api.github.com',
  'api.telegram.org',
  'bitbucket.org',
  'discord.com',
  'gist.github.com',
  'github.com',
  'gitlab.com',
  'hooks.slack.com',
  'pastebin.com',
  'storage.googleapis.com',
  'transfer.sh',
  'uploads.github.com',
]);

/** Whether a pattern covers names that anybody can get. */
export function isShared(pattern: string): boolean {
  if (!pattern.startsWith('*.')) return false;
  const name = plainHost(pattern.slice(2)) ?? '';
  return SHARED.has(name) || REGISTRY_LABELS.test(name) || CLOUD.test(name);
}

export function isOfAnybody(host: string): boolean {
  return OF_ANYBODY.has(plainHost(host) ?? '');
}
