/** The forms that a secret comes in when a program writes it into JSON, a URL, XML or base64. Pure. */

/** Shorter values are parts of ordinary words; taking them out would garble everything. */
export const SECRET_CHARS_MIN = 8;

/** The value itself is among them. */
export function formsOf(secret: string): readonly string[] {
  const json = inJson(secret);
  const url = percent(secret);
  const hex = Buffer.from(secret).toString('hex');
  const forms = [
    ...[secret, json, inJson(json), json.replaceAll('/', '\\/'), ascii(json)],
    ...[url, lowered(url), url.replaceAll('%20', '+'), encodeURI(secret.toWellFormed())],
    ...[inXml(secret), hex, hex.toUpperCase()],
    ...base64(Buffer.from(secret)).flatMap((one) => [one, urlSafe(one), percent(one)]),
  ];
  return [...new Set(forms)].filter(({ length }) => length >= SECRET_CHARS_MIN);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As writers of JSON spell it that allow ASCII only. */
function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function lowered(url: string): string {
  return url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function inXml(text: string): string {
  const names: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replace(/[&<>"]/g, (char) => `&${names[char]};`);
}

function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/**
 * Inside of a longer text a value begins at one of three places of a group of base64. At its edges
 * digits hold bits of the neighbours too; those are left out, so what remains is there whatever they are.
 */
function base64(value: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), value]);
    const first = Math.ceil((offset * 8) / 6);
    return whole.toString('base64').slice(first, Math.floor((whole.length * 8) / 6));
  });
}
