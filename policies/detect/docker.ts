/** What images a change builds on, and what a container gets of the host it runs on. */
import { z } from 'zod';
import {
  compareFiles,
  type Finding,
  isUnreadable,
  keyOf,
  newOf,
  shown,
  whatAppeared,
} from './compare.ts';
import { composeGrants } from './compose.ts';
import type { Detector, FileChange } from './detector.ts';
import {
  copiedFrom,
  type Dockerfile,
  flagsOf,
  readDockerfile,
  type Stage,
  substituted,
} from './dockerfile.ts';

const Options = z.strictObject({});
type Options = z.output<typeof Options>;

const DOCKERFILES = ['Dockerfile*', '*.Dockerfile', '*.dockerfile', 'Containerfile*'].map(
  (name) => `**/${name}`,
);
const COMPOSE_FILES = ['compose*', 'docker-compose*'].flatMap((name) => {
  return [`**/${name}.yml`, `**/${name}.yaml`];
});

export const dockerBaseChanged: Detector<Options> = {
  summary: 'an image is built on another one, or takes files from another one',
  paths: DOCKERFILES,
  options: Options,
  detect: ({ files }) => {
    return whatAppeared(files, (text) => {
      const file = readDockerfile(text);
      return isUnreadable(file) ? file : bases(file);
    });
  },
};

function bases(file: Dockerfile): Finding[] {
  const built = file.stages
    .filter(({ isImage }) => isImage)
    .map(({ base, from }) => ({ key: `from ${base}`, line: from.line }));
  const copied = copiedFrom(file).map(({ image, line }) => ({ key: `copy from ${image}`, line }));
  const read = file.syntax ? [{ key: `syntax ${file.syntax.rest}`, line: file.syntax.line }] : [];
  return [...read, ...built, ...copied].map(({ key, line }) => ({
    key: keyOf(key),
    line,
    message: `An image is new here and its content becomes ours: \`${shown(key)}\`.`,
  }));
}

export const dockerPrivileged: Detector<Options> = {
  summary: 'a container gets rights on its host, or runs as root where it did not',
  paths: [...DOCKERFILES, ...COMPOSE_FILES],
  options: Options,
  detect: ({ files }) => {
    const isCompose = ({ path }: FileChange) => /\.ya?ml$/i.test(path);
    const dockerfiles = files.filter((file) => !isCompose(file) && file.after !== null);
    return [
      ...whatAppeared(files.filter(isCompose), composeGrants),
      ...compareFiles(dockerfiles, readDockerfile, (before, after) => [
        ...newOf(before ? buildRights(before) : [], after ? buildRights(after) : []),
        ...userFindings(before, after),
      ]),
    ];
  },
};

function buildRights({ stages }: Dockerfile): Finding[] {
  const runs = stages.flatMap(({ instructions }) => {
    return instructions.filter(({ name }) => name === 'RUN');
  });
  return runs.flatMap(({ rest, line }) => {
    const flags = flagsOf(rest).toLowerCase().split(/\s+/);
    return flags
      .filter((flag) => ['--security=insecure', '--network=host'].includes(flag))
      .map((flag) => {
        return { key: `run ${flag}`, line, message: `A build step gets more rights: ${flag}.` };
      });
  });
}

function userFindings(before: Dockerfile | null, after: Dockerfile | null): Finding[] {
  const [old, fresh] = [before, after].map((file) => (file ? finalUser(file) : null));
  if (fresh && isRoot(fresh.user) && !(old && isRoot(old.user))) {
    return [{ key: 'user root', line: fresh.line, message: 'The container runs as root.' }];
  }
  if (fresh || !after || !old || isRoot(old.user)) return [];
  const message = `Nothing says any more that the container runs as ${shown(old.user)}.`;
  return [{ key: 'user unset', line: null, message }];
}

/** Who the last stage ends as; null when only its image knows. */
function finalUser({ stages }: Dockerfile): { user: string; line: number } | null {
  let stage: Stage | undefined = stages.at(-1);
  const seen = new Set<Stage>();
  while (stage && !seen.has(stage)) {
    seen.add(stage);
    const last = stage.instructions.findLast(({ name }) => name === 'USER');
    if (last) return { user: substituted(last.rest, stage.arguments), line: last.line };
    const { base, isImage }: Stage = stage;
    stage = isImage ? undefined : stages.find(({ name }) => name === base.toLowerCase());
  }
  return null;
}

function isRoot(user: string): boolean {
  return /^["']?(root|0+)["']?(:|$)/i.test(user.trim());
}
