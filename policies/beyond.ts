/**
 * What a policy may say and this version does not act on yet. The language is whole so that a
 * policy need not be written twice; what it would leave open is not run, so that nobody relies on
 * a wall that is not there.
 */
import { isWhole } from './network.ts';
import type { LoadedPolicy } from './parse.ts';
import type { Place } from './problems.ts';
import type { Policy } from './schema.ts';
import { isOfAnybody, isShared } from './shared-hosts.ts';
import type { YamlPath } from './yaml-source.ts';

export type Beyond = {
  readonly path: YamlPath;
  readonly place: Place;
  /** One sentence: what is not done. */
  readonly message: string;
  /** Whether ignoring it would allow something that its author forbade; no run starts then. */
  readonly isOpen: boolean;
};

type Found = Pick<Beyond, 'path' | 'message' | 'isOpen'>;

export function beyond(loaded: LoadedPolicy): Beyond[] {
  const { policy } = loaded;
  return [...openEnds(policy), ...closedEnds(policy)].map((found) => ({
    ...found,
    place: loaded.place(found.path, 'key'),
  }));
}

function openEnds({ models, agents, evidence }: Policy): Found[] {
  const open = (path: YamlPath, message: string): Found => ({ path, message, isOpen: true });
  return [
    ...((models?.data.length ?? 0) > 0
      ? [open(['models', 'data'], 'content is not kept from providers yet')]
      : []),
    ...Object.entries(agents).flatMap(([role, { hidden, tools }]) => [
      ...(hidden.length > 0
        ? [open(['agents', role, 'hidden'], 'paths are not hidden from an agent yet')]
        : []),
      ...(tools.allow === undefined
        ? []
        : [
            open(['agents', role, 'tools', 'allow'], "an agent's tools can only be denied, so far"),
          ]),
      ...(tools.ask.length === 0
        ? []
        : [open(['agents', role, 'tools', 'ask'], 'nobody is asked about a tool yet')]),
    ]),
    ...(evidence !== undefined
      ? [open(['evidence'], 'statements are not made of a published change yet')]
      : []),
  ];
}

/** What stays shut, or stricter than written. */
function closedEnds({ network, groups, budgets, models }: Policy): Found[] {
  const shut = (path: YamlPath, message: string): Found => ({ path, message, isOpen: false });
  const phases = ['setup', 'agent'] as const;
  return [
    ...phases.flatMap((phase) =>
      (network?.[phase] ?? []).flatMap(({ host, methods }, index) => {
        const why = host === null ? null : whyShut(host, methods);
        const path = ['network', 'phases', phase, 'allow', index];
        return why === null ? [] : [shut(path, `${why}; ${host} stays shut`)];
      }),
    ),
    ...Object.entries(groups).flatMap(([id, { from, file }]) =>
      from !== null && file === null
        ? [shut(['groups', id], `teams are not looked up yet; \`${id}\` has no members`)]
        : [],
    ),
    ...(models?.routes ?? []).flatMap(({ class: classes, stage }, index) =>
      classes === undefined || classes.includes('critical') || OWN_STAGES.includes(stage)
        ? []
        : [shut(['models', 'routes', index, 'class'], NO_CLASS)],
    ),
    ...(budgets.onExceed === 'fail'
      ? []
      : [
          shut(['budgets', 'on_exceed'], 'a run that is over its budget fails, whatever this says'),
        ]),
  ];
}

/** The controller asks these itself, of a change that has been judged. */
const OWN_STAGES: readonly string[] = ['extract', 'title'];
const NO_CLASS =
  'the class of a change is not known while its agent works; the route for critical is taken';

function whyShut(host: string, methods: readonly string[]): string | null {
  if (isShared(host)) return 'anybody can have such a name';
  if (!isWhole(methods)) return 'a tunnel hides the method, so every method has to be allowed';
  return isOfAnybody(host) ? 'anybody with an account there can be sent something' : null;
}
