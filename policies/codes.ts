/**
 * What each code of a problem means and what to do about it. Codes are stable: people look them up
 * and scripts count them. P01xx syntax, P02xx patterns, P03xx people, P04xx structure,
 * P05xx exemptions, P06xx rule files.
 */

export type CodeProse = {
  /** A few words. */
  readonly title: string;
  /** What is wrong, and what it would lead to. */
  readonly meaning: string;
  /** What to do. */
  readonly todo: string;
};

const CODES: Readonly<Record<string, CodeProse>> = {
  P0101: {
    title: 'not plain YAML',
    meaning:
      'The file cannot be read as one plain YAML document: it has a syntax error, a second document, a tag, a directive, or is empty, too long or nested too deeply. A file that is read only in part would leave gates open, so none of it counts.',
    todo: 'Mend the place that is pointed at. Two spaces indent; text with a colon, a star or a hash at the front is quoted.',
  },
  P0102: {
    title: 'a key that was given before',
    meaning:
      'The same key stands twice in one map. YAML readers differ on which of the two counts, so neither does.',
    todo: 'Put both into one, or remove the one that is not meant.',
  },
  P0103: {
    title: 'an unknown key or name',
    meaning:
      'There is no such key here, or no such detector. A misspelt key that was skipped would be a rule that everybody believes in and nobody applies.',
    todo: 'Take the key that is suggested, or remove the line. Every key there is: proofhouse policy schema, or docs/policy.md.',
  },
  P0104: {
    title: 'another kind of value is expected',
    meaning:
      'The key is known and what it holds is not: text for a number, a word that is none of the choices, a key that is missing.',
    todo: 'Write what the message expects. YAML 1.2 reads `yes` and `on` as text; write true and false.',
  },
  P0105: {
    title: 'an anchor or an alias',
    meaning:
      'A policy says where it stands what it means, so that one line can be reviewed without another. Anchors and aliases also make small files large.',
    todo: 'Write the value out in each place.',
  },
  P0106: {
    title: 'not a time, size or count',
    meaning: 'A number has no unit, an unknown one, or is out of range.',
    todo: 'Write times as 30s, 15m, 72h or 7d, sizes as 256KiB or 1MiB, counts as 5000, 250k or 3M.',
  },
  P0201: {
    title: 'a pattern that matches no file',
    meaning:
      'No file that is known now is covered. Mostly it is a typing error, and the gate then guards nothing; it may also be for files to come.',
    todo: 'Try the pattern with: proofhouse policy match PATTERN PATH. Keep it when the files are to come.',
  },
  P0202: {
    title: 'syntax of another pattern language',
    meaning:
      'Braces, brackets, parentheses and exclamation marks are plain characters here, because folders are called `[id]` and `(auth)`. What was meant as a choice covers nothing.',
    todo: 'Write one pattern for each choice, and use `except` for what is to be left out.',
  },
  P0203: {
    title: 'a pattern that can never match',
    meaning:
      'Paths come from git: from the root, with plain slashes, without `./` and `..`. A pattern in another form, or with an escape or star that means nothing, covers no path at all.',
    todo: 'Write the path from the root: src/auth/ covers the folder and all below, **/auth/ does so at any depth.',
  },
  P0204: {
    title: 'a name without a folder',
    meaning:
      'A pattern without a slash covers this name at any depth, as in .gitignore. That may be more than was meant.',
    todo: 'Write /NAME for the one at the root; leave it when every one is meant.',
  },
  P0205: {
    title: 'a pattern in another letter case than the files',
    meaning:
      'Git tells letter cases apart and so do patterns. The gate is not lost, as paths that differ by case only are held as confusable; but nobody reads in the policy why.',
    todo: 'Write the pattern as the files are written.',
  },
  P0206: {
    title: 'exceptions that empty the gate',
    meaning: '`except` leaves out everything that `paths` covers, so the gate never speaks.',
    todo: 'Narrow `except`, or remove the gate in the open.',
  },
  P0207: {
    title: 'not an RE2 expression',
    meaning:
      'Expressions over lines run in linear time on text that an agent wrote, so look-ahead, look-behind and back-references are not there.',
    todo: 'Write it without them; often two expressions, or a detector, do.',
  },
  P0208: {
    title: 'an expression without fixed text',
    meaning:
      'No piece of text must occur for it to match, so it is tried on every line of every file, and mostly matches more than was meant.',
    todo: 'Put some text into it that each match must hold, or narrow `paths`.',
  },
  P0209: {
    title: 'two stars within a name',
    meaning:
      '`**` covers any depth only where it is all that stands between two slashes. Within a name it is one star, so the pattern stays in its folder.',
    todo: 'Write src/**/*.ts for every depth, or one star where one folder is meant.',
  },
  P0301: {
    title: 'a group that nobody declares',
    meaning:
      'A gate or class asks for people of a group that does not exist. It can never be filled, so the change waits for ever.',
    todo: 'Declare it under `groups`, or name one that is there. A repository layer may name groups of the organisation.',
  },
  P0302: {
    title: 'an empty group',
    meaning: 'The group has no members, so nobody could ever answer for it.',
    todo: 'Name its members, or a team or file that has some.',
  },
  P0303: {
    title: 'fewer members than are asked for',
    meaning: '`count` asks for more different people than the group has.',
    todo: 'Lower the count or add members.',
  },
  P0304: {
    title: 'nobody left when a member asks',
    meaning:
      'Who asked for a change never approves it. When a member of this group asks, too few are left, and the change waits for ever.',
    todo: 'Have at least one member more than `count`.',
  },
  P0305: {
    title: 'a bot in a group',
    meaning:
      'A member looks like a program. Programs fill no place, so the group is smaller than it seems.',
    todo: 'Name a person.',
  },
  P0306: {
    title: 'a member who may not write',
    meaning:
      'The forge does not let this member review here, so their answer would not count there.',
    todo: 'Give them write access, or take them out of the group.',
  },
  P0307: {
    title: 'places that different people cannot fill',
    meaning:
      '`distinct` lets one person fill one place. The groups that are asked share members, so that there are more places than people.',
    todo: 'Add members to one of the groups, or ask for fewer.',
  },
  P0401: {
    title: 'the policy itself is not guarded',
    meaning:
      'A change to the policy would pass without anybody. An agent could then edit the rules that it is judged by.',
    todo: 'Add a gate on "/.proofhouse/" that asks somebody or has `surface: forbid`, for every operation.',
  },
  P0402: {
    title: 'a gate that does not say why',
    meaning:
      'A gate of class high or critical stops people. Who is stopped, and whoever is asked, reads `why`.',
    todo: 'Say in one line what could go wrong.',
  },
  P0403: {
    title: 'a class that is looser than another',
    meaning:
      'A class asks for less than the class below it, so that raising a gate to it would open it; or for less than the layer above says, whose word counts then.',
    todo: 'Let each class ask for at least what the class below it and the layer above ask for.',
  },
  P0404: {
    title: 'a validator that is unknown or not pinned',
    meaning:
      'A gate wants a check that nobody declares, so nothing could prove the change; or its image is not named by digest, so tomorrow it may be another.',
    todo: 'Declare it under `validators`; name images by digest.',
  },
  P0405: {
    title: 'an unknown action',
    meaning: 'What is never delegated comes from a closed list, so that no line of it is wishful.',
    todo: 'Take one of the actions that docs/policy.md lists.',
  },
  P0406: {
    title: 'a route without a way out',
    meaning:
      'When the one model of this route does not answer, or for a class that no route holds for, no model may answer at all.',
    todo: 'Name a second model, or add a route without `class` at the end.',
  },
  P0407: {
    title: 'too many hosts at once',
    meaning:
      'A wildcard over everything, over a whole top-level domain, or an address, opens more than anybody could review.',
    todo: 'Name hosts one by one, or *.example.com for those below one name.',
  },
  P0408: {
    title: 'no budget',
    meaning: 'Nothing limits what a task may use up.',
    todo: 'Set at least budgets.per_task.tokens or usd, and wall.',
  },
  P0409: {
    title: 'a gate that another layer has too',
    meaning: 'Two layers declare a gate with this name. Both count, and their demands are joined.',
    todo: 'Nothing, when that is meant; else give one of them another name.',
  },
  P0410: {
    title: 'a gate that holds and asks nobody',
    meaning:
      '`surface: hold` stops the change until people agree, and no group is named: it would be denied for ever.',
    todo: 'Name groups under `approvals` of the gate or its class, or write `surface: forbid` where that is meant.',
  },
  P0411: {
    title: 'a name that a layer above has',
    meaning:
      'A group or validator belongs to the first layer that declares it. A lower layer cannot say that it is something else.',
    todo: 'Take the declaration out here, or use another name; own groups of a repository are named repo/NAME.',
  },
  P0412: {
    title: 'not for this layer to say',
    meaning:
      "Emergencies, signatures, absolute refusals and plain group names are the organisation's. A repository that could say them could open what is above it.",
    todo: 'Move it to the organisation policy; where there is none, set metadata.layer to standalone. Own groups of a repository are named repo/NAME.',
  },
  P0413: {
    title: 'not done by this version yet',
    meaning:
      'The language has this key, and this version of Proofhouse does not act on it. Where ignoring it would allow what its author forbade, no run starts under the policy.',
    todo: 'Take it out until it is done, or keep it where the message says that it stays shut.',
  },
  P0414: {
    title: 'a pack that this release does not have',
    meaning:
      'Packs come with the release. One that is missing would leave open all that it gates, so the policy does not count.',
    todo: 'Take one of the names in the message, or install the release that has it.',
  },
  P0415: {
    title: 'a requirement that adds nothing',
    meaning:
      'A layer above requires a version that is as new or newer. What holds is the newest that any layer names, so this line only looks as though it did something.',
    todo: 'Take it out, or name a newer version.',
  },
  P0416: {
    title: 'a review that raises a gate that nobody declares',
    meaning: 'A remark of a reviewing model could never add it.',
    todo: 'Declare it under `gates`, or name one that is.',
  },
  P0417: {
    title: 'a review without a model',
    meaning:
      'No route names a model for review. A change is then told to be unreviewed, and goes no further where the review is required.',
    todo: 'Name models under `models` › `routes` with the stage review.',
  },
  P0501: {
    title: 'an exemption that ran out',
    meaning: 'Its last day is over. It excuses nothing any more and only looks as though it did.',
    todo: 'Remove it, or grant it anew with a new reason.',
  },
  P0502: {
    title: 'an exemption for more than 90 days',
    meaning:
      'What is excused for longer is a rule that nobody wants, and should be changed where it is written.',
    todo: 'Set `expires` to at most 90 days from now.',
  },
  P0503: {
    title: 'an exemption that excuses nothing',
    meaning: 'No path that it names is covered by its gate.',
    todo: 'Remove it.',
  },
  P0504: {
    title: 'an exemption from the gate of another file',
    meaning:
      'Only the file that declares a gate excuses from it. Else a repository could open what its organisation shut.',
    todo: 'Ask the owner of that file, or name a gate of this one.',
  },
  P0505: {
    title: 'an exemption without a ticket',
    meaning: 'Nobody can look up when the reason will be gone.',
    todo: 'Name one under `ticket`.',
  },
  P0601: {
    title: 'a rule file that its reader ignores',
    meaning: 'Cursor reads `.mdc` files with front matter only, so this one reaches no agent.',
    todo: 'Add the front matter, or move the text to AGENTS.md.',
  },
  P0602: {
    title: 'alwaysApply is text',
    meaning:
      '`alwaysApply` in quotes is not true, and the rule file then applies when its reader feels like it.',
    todo: 'Write true or false without quotes.',
  },
  P0603: {
    title: 'rule files that are too long',
    meaning:
      'Together they hold more than 32 KiB. Agents stop reading there, and later files go unread.',
    todo: 'Shorten them; agents do better with little.',
  },
  P0604: {
    title: 'text that cannot be seen',
    meaning:
      'A rule file holds characters that people do not see and agents read. This is how instructions are smuggled in.',
    todo: 'Remove them, and find out who put them there.',
  },
  P0605: {
    title: 'a rule file against the policy',
    meaning: 'It tells agents to do what the policy never lets them do, so that they try in vain.',
    todo: 'Say in it what holds.',
  },
};

export const PROBLEM_CODES: readonly string[] = Object.keys(CODES);

/** The prose of a code in any letter case, or null. */
export function codeProse(code: string): (CodeProse & { readonly code: string }) | null {
  const known = code.toUpperCase();
  const prose = Object.hasOwn(CODES, known) ? CODES[known] : undefined;
  return prose === undefined ? null : { code: known, ...prose };
}
