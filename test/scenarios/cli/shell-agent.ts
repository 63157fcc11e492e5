/** A repository whose agent is a shell script: what a task's text asks for is what it does. */
import { scratch } from '../support.ts';
import {
  type CommandLine,
  clearedAway,
  proofhouse,
  SHELL_AGENT,
  scenarioIn,
  tinyRepository,
  workspaceFile,
} from '../tiny.ts';

const FIX = `case "$(cat "$PROOFHOUSE_TASK_FILE")" in
  *guarded*) mkdir -p src/auth; echo 'export const door = 1;' > src/auth/door.mjs ;;
  *broken*) echo 'export const sum = () => 0;' > src/sum.mjs ;;
  *slowly*) echo started; echo started >> starts.txt; sleep 12 ;;
  *) echo 'export const twice = (a) => 2 * a;' > src/twice.mjs ;;
esac
echo 'All done.'
`;

export function shellRepository(): string {
  return tinyRepository(scratch('tiny'), {
    'fix.sh': FIX,
    '.proofhouse/workspace.yaml': workspaceFile(SHELL_AGENT),
  });
}

export function freshHome(cwd?: string): CommandLine {
  return clearedAway({ home: scratch('home'), ...(cwd === undefined ? {} : { cwd }) });
}

/** No agent here asks a model, and a controller does not start without one. */
export function serveArguments(): string[] {
  return ['serve', '--until-idle', '--scripted', unaskedModel()];
}

export function serve(at: CommandLine): ReturnType<typeof proofhouse> {
  return proofhouse(at, ...serveArguments());
}

function unaskedModel(): string {
  return scenarioIn(scratch('scenario'), 'nothing that a task says', [{ say: 'Nobody asked.' }]);
}
