/**
 * Names that an agent looks up while it works. Programs that go by the proxy are seen at the door; those that do
 * not ask the sandbox's resolver, which is itself, and here somebody answers there that nothing has an address.
 */
import type { SandboxCommand } from '../../../orchestrator/ports.ts';

const MARK = 'LOOKED-UP ';

const RESOLVER = `import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
const seen = new Set();
const socket = dgram.createSocket('udp4');
socket.on('message', (asked, from) => {
  const labels = [];
  for (let at = 12; asked[at] > 0; at += asked[at] + 1)
    labels.push(asked.toString('latin1', at + 1, at + 1 + asked[at]));
  const name = labels.join('.');
  if (!seen.has(name)) process.stderr.write('\\n${MARK}' + name + '\\n');
  seen.add(name);
  const answer = Buffer.from(asked);
  answer.writeUInt16BE(0x8183, 2);
  answer.writeUInt16BE(0, 10);
  socket.send(answer, from.port, from.address);
});
socket.bind(53, '127.0.0.1', () => writeFileSync(process.env.HOME + '/resolver-answers', ''));
`;

/** Beside the agent: who is asked for addresses. */
export function withResolver(command: SandboxCommand): SandboxCommand {
  const script = `node "$HOME/resolver.mjs" & resolver=$!
until [ -e "$HOME/resolver-answers" ] || ! kill -0 $resolver; do :; done
"$@"
code=$?
kill $resolver
exit $code`;
  return {
    ...command,
    argv: ['sh', '-c', script, 'sh', ...command.argv],
    files: { ...command.files, 'resolver.mjs': RESOLVER },
  };
}

export function lookedUp(line: string): string | null {
  return line.startsWith(MARK) ? `DNS ${line.slice(MARK.length)}` : null;
}
