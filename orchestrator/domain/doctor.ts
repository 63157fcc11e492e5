/** What `doctor` tells, as one object: each fact with its state, and what to do where it is not good. */
import { z } from 'zod';
import { MachineFacts } from './machine.ts';

/** `bad`: no run should start here. `weak`: one may, with less around it. */
export const FactState = z.enum(['good', 'weak', 'unknown', 'bad']);
export type FactState = z.infer<typeof FactState>;

export const FactRow = z.strictObject({
  what: z.string(),
  state: FactState,
  found: z.string(),
  /** One sentence; null where nothing is to be done. */
  todo: z.string().nullable(),
});
export type FactRow = z.infer<typeof FactRow>;

export const DoctorReport = z.strictObject({
  worst: FactState,
  rows: z.array(FactRow),
  /** What a policy may require, as it is kept with each run. Null when no engine answers. */
  machine: MachineFacts.nullable(),
});
export type DoctorReport = z.infer<typeof DoctorReport>;

export function doctorReport(rows: FactRow[], machine: MachineFacts | null): DoctorReport {
  const worst = Math.max(...rows.map(({ state }) => FactState.options.indexOf(state)), 0);
  return { worst: FactState.options[worst] ?? 'bad', rows, machine };
}
