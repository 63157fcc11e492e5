/** What programs that read YAML take for true or for zero, in quotes or not, in either version. */

export function isOn(value: unknown): boolean {
  return /^(true|yes|on|y|1)$/i.test(String(value).trim());
}

export function isZero(value: unknown): boolean {
  const isNumber = typeof value === 'number' || typeof value === 'string';
  return isNumber && String(value).trim() !== '' && Number(value) === 0;
}
