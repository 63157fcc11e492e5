/** What a run may reach, use up, ask and write: the sections that other rooms enforce. */
import { z } from 'zod';
import { RiskClass } from '../../orchestrator/domain/judgement.ts';
import { hostProblem } from '../hosts.ts';
import { Duration } from '../units.ts';
import { Globs, Id, key } from './words.ts';

const Host = z.string().check((context) => {
  const message = hostProblem(context.value);
  if (message === null) return;
  const params = { code: 'P0407' };
  context.issues.push({ code: 'custom', input: context.value, message, params });
});

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const Allowed = z
  .strictObject({
    host: key(Host.optional(), 'A host: exact, or *.example.com for what is below it.'),
    ports: key(
      z.array(z.int().min(1).max(65_535)).min(1).max(20).optional(),
      'Its ports. By default 443.',
    ),
    methods: key(
      z.array(z.enum(METHODS)).min(1).optional(),
      'The methods it may be asked with. By default GET and HEAD. A host is reached by a tunnel, which hides the method: it stays shut unless every one is named.',
    ),
    via: key(
      z.enum(['model-gateway', 'package-registry']).optional(),
      'A door of ours instead of a host.',
    ),
  })
  .check((context) => {
    const { host, via, ports, methods } = context.value;
    const report = (message: string): void => {
      context.issues.push({ code: 'custom', input: context.value, message });
    };
    if ((host === undefined) === (via === undefined)) report('expected either `host` or `via`');
    else if (via !== undefined && (ports ?? methods) !== undefined) {
      report('`ports` and `methods` go with a `host`; a door of ours has its own');
    }
  })
  .transform(({ host = null, via = null, ports = [443], methods = ['GET', 'HEAD'] }) => {
    return { host, via, ports, methods };
  });

const Phase = z.strictObject({
  allow: key(z.array(Allowed).max(100), 'What may be reached; nothing else is.', 'what all allow'),
});

/** Left out, nothing is said of it; written, only what it allows is. */
export const Network = z
  .strictObject({
    default: key(z.literal('deny').default('deny'), 'There is no other.'),
    phases: key(
      z.strictObject({
        setup: key(Phase.optional(), 'While dependencies are set up.'),
        agent: key(Phase.optional(), 'While the agent works.'),
        validate: key(
          z
            .strictObject({
              allow: key(
                z.array(z.never()).max(0, 'checks reach nothing; expected []'),
                'Nothing: [].',
              ),
            })
            .optional(),
          'While checks run: nothing, always.',
        ),
      }),
      'What each phase may reach. A phase that is left out reaches nothing.',
    ),
  })
  .transform(({ phases }) => ({
    setup: phases.setup?.allow ?? [],
    agent: phases.agent?.allow ?? [],
  }))
  .optional();
export type NetworkRule = NonNullable<z.output<typeof Network>>;

const Route = z.strictObject({
  stage: key(
    z.enum(['plan', 'code', 'review', 'extract', 'title']),
    'What the model is asked for.',
  ),
  class: key(
    z.array(RiskClass).min(1).optional(),
    'Classes of the change it holds for. By default any. extract, title and the review of a validator are asked about a change that has been judged, and go by its class; what an agent asks goes by critical, since nobody knows the class while it works.',
  ),
  use: key(z.array(Id).min(1).max(20), 'Models, the first that answers.', 'what all allow'),
  differ_from: key(
    z.literal('code.vendor').optional(),
    'Another vendor than the one that wrote the code.',
    'and',
  ),
});
export type RouteRule = z.output<typeof Route>;

export const Models = z
  .strictObject({
    routes: key(
      z.array(Route).max(100).default([]),
      'Which models may answer. The first that holds for a stage and a class is taken.',
      'what all allow',
    ),
    free: key(
      z.array(Id).max(50).default([]),
      'Models that cost nothing, as those on machines of your own. Of any other that has no price nothing is asked where money is limited.',
      'of the first layer; those below it may name fewer',
    ),
    secret_shapes: key(
      z.enum(['block', 'allow']).optional(),
      'What comes of a call that holds what looks like a key, as ghp_… or a private key. By default it is refused. `allow` is for repositories that hold keys made up for tests. Values of 12 characters or more that are secrets in the environment of the controller never leave.',
      'block, then allow; of silent layers the first blocks',
    ),
    data: key(
      z
        .array(
          z.strictObject({
            paths: key(Globs.min(1), 'Path-globs of content that stays.'),
            providers: key(z.array(Id).min(1).max(20), 'Providers that may see it.'),
          }),
        )
        .max(100)
        .default([]),
      'Content that only some providers may see.',
      'what all allow',
    ),
  })
  .optional();

const Tool = z
  .string()
  .regex(/^[A-Za-z0-9*][A-Za-z0-9.*_-]{0,60}$/, 'expected a tool, as in WebFetch or mcp__*');
const Tools = z.array(Tool).max(200);

const HarnessDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected a digest, as `run harness` prints it: sha256:…');

const RoleKeys = z.strictObject({
  write: key(Globs.optional(), 'All it may change. By default anything.', 'what all allow'),
  readonly: key(Globs.default([]), 'What it sees and never changes.', 'union'),
  hidden: key(Globs.default([]), 'What it never sees.', 'union'),
  tools: key(
    z
      .strictObject({
        allow: key(Tools.optional(), 'Tools it may use. By default any.', 'what all allow'),
        ask: key(Tools.default([]), 'Tools somebody is asked about each time.', 'union'),
        deny: key(
          Tools.default([]),
          'Names of tools it is never offered. A call to a model that offers one is not made, and the run ends. What a shell starts is no tool.',
          'union',
        ),
      })
      .prefault({}),
    'A second line only: what matters is held by the sandbox, the gateway and the gate.',
  ),
  expected_harness: key(
    z.array(HarnessDigest).min(1).max(20).optional(),
    'What it may run with: digests of its instructions, tools and parameters, as `run harness` prints them. By default anything.',
    'what all allow',
  ),
  on_other_harness: key(
    z.enum(['alarm', 'refuse']).default('refuse'),
    'What comes of another one: the run and its pull request say so, or the run ends.',
    'refuse, then alarm',
  ),
});
const Role = RoleKeys.transform(({ expected_harness, on_other_harness, ...rest }) => ({
  ...rest,
  expectedHarness: expected_harness,
  onOtherHarness: on_other_harness,
}));
export type RoleRule = z.output<typeof Role>;
export const Agents = z.record(Id, Role).default({});

export const Evidence = z
  .strictObject({
    sign: key(z.literal('ed25519').optional(), 'How statements are signed.'),
    attest: key(
      z.array(z.enum(['provenance', 'test-result', 'approval', 'verdict'])).default([]),
      'Statements that a published change carries.',
      'union',
    ),
    retain: key(Duration.optional(), 'How long evidence is kept.', 'the longer'),
    publish: key(
      z.array(z.enum(['check-run', 'pr-comment', 'sarif'])).default([]),
      'Where it is shown.',
      'union',
    ),
  })
  .optional();
