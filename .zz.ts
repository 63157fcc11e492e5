import { decide } from './policies/decide.ts';
import { matchGates } from './policies/gates.ts';
import { factsOf, load, minimal } from './test/policies/sample.ts';
const patterns = ['src/mod%/', '**/x%/*.ts', 'src/**/mod%/', '*.e%'];
const rules = Array.from({ length: 200 }, (_, i) => `  - { id: g${i}, class: low, paths: ["${patterns[i % 4]?.replace('%', String(i))}"] }`);
const policy = load(minimal(`unmatched: { class: low }\ngates:\n${rules.join('\n')}\nvalidators: { unit: { run: [x], reports: { junit: j.xml } } }`));
const facts = factsOf(Array.from({ length: 3_000 }, (_, at) => `src/Packages/mod${at}/file${at}.ts`));
for (let k=0;k<5;k++){ const c=process.cpuUsage(); const t=performance.now(); decide([policy], facts); const d=process.cpuUsage(c); console.log('wall',performance.now()-t|0,'cpu',(d.user+d.system)/1000|0);
 const t2=performance.now(); const c2=process.cpuUsage(); matchGates(policy.policy.gates, facts.entries); const d2=process.cpuUsage(c2); console.log('  match',performance.now()-t2|0,(d2.user+d2.system)/1000|0);}
