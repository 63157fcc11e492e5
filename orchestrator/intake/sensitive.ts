/**
 * Which folders and files look like ones that people should see changes to. Pure.
 *
 * It goes by names alone: a name is a hint to start from, and the starter policy says so.
 */
import { globProblem } from '../../policies/glob.ts';
import { pathProblem } from '../../policies/paths.ts';

export const KINDS = ['auth', 'payments', 'migrations', 'infrastructure', 'ci'] as const;
export type Kind = (typeof KINDS)[number];

/** A path-glob, anchored at the root, and how many files it covers today. */
export type SensitivePath = { readonly pattern: string; readonly files: number };
export type Sensitive = Readonly<Record<Kind, readonly SensitivePath[]>>;

const WORDS: Record<Kind, RegExp> = {
  auth: /^(auth|authn|authz|authentication|authori[sz]ation|oauth2?|sso|saml|login|sessions?|identity|iam|rbac|permissions?|password|passwords)$/i,
  payments: /^(payments?|billing|invoices?|invoicing|stripe|paypal|payouts?|charges?|refunds?)$/i,
  migrations: /^(migrations?|migrate)$/i,
  infrastructure:
    /^(infra|infrastructure|terraform|pulumi|ansible|k8s|kubernetes|helm|charts|deploy|deployment|deployments)$/i,
  ci: /^\.(github|circleci|buildkite|gitlab|woodpecker|drone|teamcity|husky|githooks)$/i,
};

const FILES: Partial<Record<Kind, RegExp>> = {
  migrations: /(^|\/)schema\.prisma$/,
  infrastructure: /(^|\/)(Dockerfile[^/]*|(docker-)?compose[^/]*\.ya?ml|[^/]+\.tf|fly\.toml)$/,
  ci: /^(\.gitlab-ci\.yml|Jenkinsfile|azure-pipelines\.yml|\.travis\.yml|bitbucket-pipelines\.yml|\.drone\.yml|\.woodpecker\.yml|appveyor\.yml)$/,
};

/** Code about the real thing lives elsewhere: these hold its tests, its words or other people's code. */
const ELSEWHERE =
  /(^|\/)(tests?|__tests__|__mocks__|specs?|e2e|fixtures|docs?|node_modules|vendor|third_party)\//i;

export function sensitiveIn(paths: readonly string[]): Sensitive {
  const found = (kind: Kind): SensitivePath[] => {
    const counts = new Map<string, number>();
    for (const path of paths) {
      const pattern = patternFor(kind, path);
      if (pattern !== null) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    }
    return [...counts]
      .map(([pattern, files]) => ({ pattern, files }))
      .sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
  };
  return {
    auth: found('auth'),
    payments: found('payments'),
    migrations: found('migrations'),
    infrastructure: found('infrastructure'),
    ci: found('ci'),
  };
}

/** The outermost folder with a telling name, else the file itself if its name tells. */
function patternFor(kind: Kind, path: string): string | null {
  const parts = path.split('/');
  const depth = parts.slice(0, -1).findIndex((part) => WORDS[kind].test(part));
  const isFolder = depth >= 0;
  const [stem = ''] = (parts.at(-1) ?? '').split('.');
  const tells = isFolder || FILES[kind]?.test(path) || (isSource(path) && WORDS[kind].test(stem));
  if (!tells) return null;
  const named = isFolder ? `${parts.slice(0, depth + 1).join('/')}/` : path;
  return ELSEWHERE.test(named) ? null : patternOf(named);
}

function isSource(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/[.-](test|spec)\./.test(path);
}

/** A path as the pattern that means it and nothing else; null where no pattern can. */
export function patternOf(path: string): string | null {
  // What never leaves a workspace needs no gate.
  if (pathProblem(path.replace(/\/$/, '')) !== null) return null;
  const pattern = `/${path.replace(/[*?]/g, '\\$&')}`;
  return globProblem(pattern) === null ? pattern : null;
}
