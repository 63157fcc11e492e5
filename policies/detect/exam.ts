/**
 * Which files are the exam of a change: its tests, what they compare with, and what does nothing but
 * configure their runner. A file that also says other things, as `package.json` does, is the change's.
 */
import { compileGlob } from '../glob.ts';
import { CONFIG_PATHS, TEST_PATHS, testFileKind } from './test-files.ts';

const MATCHES = [...TEST_PATHS, ...CONFIG_PATHS].map((glob) => compileGlob(glob, { self: false }));
const SAYS_MORE = /(?:^|\/)(?:package\.json|vite\.config\.\w+|pyproject\.toml|setup\.cfg)$/;

export function isOfTheExam(path: string): boolean {
  return (
    !SAYS_MORE.test(path) && testFileKind(path) !== 'prose' && MATCHES.some((match) => match(path))
  );
}
