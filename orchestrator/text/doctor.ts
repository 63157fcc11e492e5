/** What `doctor` found, as people read it: one fact a line, with what to do where it is not good. */
import type { DoctorReport, FactState } from '../domain/doctor.ts';
import { columns, counted } from './columns.ts';

export function doctorText({ rows }: DoctorReport): string {
  const lines = rows.map(({ what, state, found, todo }) => {
    return [state, what, todo === null ? found : `${found}. ${todo}`];
  });
  const count = (wanted: FactState): number => rows.filter(({ state }) => state === wanted).length;
  const sum = [
    `${counted(rows.length, 'fact')}`,
    ...(['bad', 'unknown', 'weak'] as const).map((state) => `${count(state)} ${state}`),
  ];
  return `${columns(lines)}\n\n${sum.join(', ')}`;
}
