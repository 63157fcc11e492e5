/** Attacks on the one way out of a sandbox, as the page about security lists them; the tests try each. */
import type { Attack, Family } from '../attack.ts';

const row = (id: string, attack: string, weak: string, ours: string): Attack => ({
  ...{ id, attack, weak, ours },
});

export const EGRESS_ROWS = {
  secretAsName: row(
    'NET-04',
    'a secret spelt as a host name',
    'the name is looked up before the policy is asked',
    'refused, and not one question to a name server',
  ),
  metadata: row(
    'NET-05',
    'metadata services by address and by name',
    'whatever is named is dialled',
    'refused',
  ),
  parserTricks: row(
    'NET-07',
    'NUL, CR LF, percent, `#@`, user names in a host',
    'the host must end in an allowed name',
    'refused as malformed',
  ),
  addressSpellings: row(
    'NET-08',
    'addresses in other spellings',
    'what looks like an address is refused',
    'refused as malformed',
  ),
  rebinding: row(
    'NET-10',
    'an allowed name that answers with an address inside',
    'addresses are not looked at',
    'refused',
  ),
  mixed: row(
    'NET-10',
    'an allowed name with one public and one inner address',
    'addresses are not looked at',
    'refused',
  ),
  flips: row(
    'NET-10',
    'an allowed name that answers otherwise the second time',
    'an answer is not kept',
    'one question, and what was checked is dialled',
  ),
  otherName: row(
    'NET-11',
    'the greeting names another host',
    'the greeting is not read',
    'closed before a byte passes',
  ),
  noName: row(
    'NET-11',
    'a greeting with no name, two, an encrypted one, or of the old form',
    'the greeting is not read',
    'closed before a byte passes',
  ),
  rawBytes: row(
    'NET-13',
    'SSH or plain text through a tunnel',
    'the greeting is not read',
    'closed before a byte passes',
  ),
  afterHello: row(
    'NET-13',
    'plain text behind a true greeting',
    'only the greeting is read',
    'closed at the first byte that is no record',
  ),
  portTricks: row(
    'NET-14',
    'two ports, a leading zero, a port that is none',
    'the last part is the port',
    'refused',
  ),
  smuggling: row(
    'NET-16',
    'two lengths, folded lines, bare LF',
    'a lenient reader of HTTP',
    'refused as unreadable',
  ),
  upgrades: row(
    'NET-19',
    'an upgrade to another protocol',
    'an upgrade is answered as any request',
    'refused',
  ),
  nested: row(
    'NET-19',
    'a CONNECT inside a tunnel',
    'the greeting is not read',
    'closed before a byte passes',
  ),
  emptyPolicy: row(
    'NET-23',
    'an empty policy, `*`, a name that anybody can have',
    'what no rule forbids is allowed',
    'refused',
  ),
  forging: row(
    'NET-26',
    'line breaks, quotes and colours in a name',
    'the name is put into a line of text',
    'one line of JSON in ASCII',
  ),
  flood: row(
    'NET-28',
    'more tunnels than anybody needs',
    'tunnels are not counted',
    'at most 20 in a second and 64 at once',
  ),
  slow: row(
    'NET-28',
    'a greeting that never ends',
    'a greeting has all the time it wants',
    'closed after 3 seconds',
  ),
  relay: row(
    'NET-22',
    'a tunnel from inside a sandbox, through its relay',
    'addresses are not looked at',
    'the same answers as at the gateway, each in the log of the run',
  ),
  told: row(
    'MOD-01',
    'a secret in a request to a model',
    'requests are passed on as they come',
    'refused before a model is asked; kind and place in the trace, and never the value',
  ),
  token: row(
    'MOD-02',
    "the token of another run, or one that was made up, at this run's door",
    'the door asks for just that',
    'refused, in the trace and among the refused calls',
  ),
} as const;

export const EGRESS: Family = {
  title: 'The way out of a sandbox',
  rows: Object.values(EGRESS_ROWS),
};
