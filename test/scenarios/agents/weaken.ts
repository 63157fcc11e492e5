/** The command of an adapter with one field changed: each throws where there was nothing to change. */
import type { SandboxCommand } from '../../../orchestrator/ports.ts';

export type Weaken = (command: SandboxCommand) => SandboxCommand;

export function without(words: string | RegExp): Weaken {
  return (command) => changed(command, (word) => word.replace(words, ''));
}

export function withWords(program: string, words: string): Weaken {
  return (command) => {
    const put = (word: string) => word.replace(`exec ${program} `, `exec ${program} ${words} `);
    return changed(command, put);
  };
}

function changed(command: SandboxCommand, change: (word: string) => string): SandboxCommand {
  const argv = command.argv.map(change);
  if (argv.join() === command.argv.join()) throw new Error('its command line is as it was');
  return { ...command, argv };
}

/** Another value, a change of the one that is there, or none at all. */
export function withEnv(name: string, value: string | null | ((was: string) => string)): Weaken {
  return (command) => {
    const { [name]: was, ...env } = command.env;
    if (was === undefined) throw new Error(`${name} is not set`);
    const now = typeof value === 'function' ? value(was) : value;
    if (now === was) throw new Error(`${name} is as it was`);
    return { ...command, env: now === null ? env : { ...env, [name]: now } };
  };
}

export function withFile(file: string, change: (text: string) => string): Weaken {
  return (command) => {
    const was = command.files[file] ?? '';
    const text = change(was);
    if (text === was) throw new Error(`${file} is as it was`);
    return { ...command, files: { ...command.files, [file]: text } };
  };
}
