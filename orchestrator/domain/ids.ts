/** The identifiers that cross rooms. Branded, so that one cannot stand in for another. */
import { z } from 'zod';

/** A git object id (SHA-1), 40 lower-case hex digits. */
export const Sha = z
  .string()
  .regex(/^[0-9a-f]{40}$/)
  .brand<'Sha'>();
export type Sha = z.infer<typeof Sha>;

/** A SHA-256 digest with its algorithm in front, as in `sha256:9f86…`. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** Names containers, sockets and branches too, so it holds nothing that any of those would quote. */
export const RunId = z
  .string()
  .regex(/^r[0-9a-z]{7}$/)
  .brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** What the agent of one attempt shows at its door. There is none that is empty, so no door is open to everybody. */
export const RunToken = z
  .string()
  .regex(/^proofhouse-r[0-9a-z]{7}-[0-9a-f]{48}$/)
  .brand<'RunToken'>();
export type RunToken = z.infer<typeof RunToken>;

/**
 * A person, as `provider:login`: `local:rita`, `github:ana`.
 * Stored in lower case, because logins that differ in case only are one person.
 */
export const Person = z
  .string()
  .toLowerCase()
  .regex(/^[a-z]+:[a-z0-9][a-z0-9._-]*$/, 'a person is written provider:login, as in local:rita')
  .brand<'Person'>();
export type Person = z.infer<typeof Person>;
