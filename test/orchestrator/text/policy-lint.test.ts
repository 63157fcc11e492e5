import { expect, test } from 'vitest';
import {
  annotationsText,
  type LintProblem,
  sarifOf,
} from '../../../orchestrator/text/policy-lint.ts';

const PROBLEM: LintProblem = {
  ...{ code: 'P0201', severity: 'warning', message: '`a` matches no known file' },
  ...{ file: 'a b/policy.yaml', line: 3, column: 5, width: 2 },
};

test('annotations are one workflow command for each problem', () => {
  const problems: LintProblem[] = [
    PROBLEM,
    { ...PROBLEM, severity: 'error', hint: 'see' },
    { ...PROBLEM, severity: 'info' },
  ];
  expect(annotationsText(problems)).toMatchInlineSnapshot(`
    "::warning file=a b/policy.yaml,line=3,col=5,title=P0201::\`a\` matches no known file
    ::error file=a b/policy.yaml,line=3,col=5,title=P0201::\`a\` matches no known file (see)
    ::notice file=a b/policy.yaml,line=3,col=5,title=P0201::\`a\` matches no known file"
  `);
});

test('no text begins another command or another property', () => {
  const nasty = { ...PROBLEM, message: 'a\n::error::b\r100%', file: 'a,line=1:x\n.yaml' };
  expect(annotationsText([nasty])).toBe(
    '::warning file=a%2Cline=1%3Ax%0A.yaml,line=3,col=5,title=P0201::a%0A::error::b%0D100%25',
  );
});

test('SARIF names its rules, places and levels', () => {
  const problems: LintProblem[] = [PROBLEM, { ...PROBLEM, code: 'P0101', severity: 'error' }];
  expect(sarifOf(problems)).toMatchInlineSnapshot(`
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "utf16CodeUnits",
          "results": [
            {
              "level": "warning",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "a%20b/policy.yaml",
                    },
                    "region": {
                      "endColumn": 7,
                      "startColumn": 5,
                      "startLine": 3,
                    },
                  },
                },
              ],
              "message": {
                "text": "\`a\` matches no known file",
              },
              "ruleId": "P0201",
              "ruleIndex": 1,
            },
            {
              "level": "error",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "a%20b/policy.yaml",
                    },
                    "region": {
                      "endColumn": 7,
                      "startColumn": 5,
                      "startLine": 3,
                    },
                  },
                },
              ],
              "message": {
                "text": "\`a\` matches no known file",
              },
              "ruleId": "P0101",
              "ruleIndex": 0,
            },
          ],
          "tool": {
            "driver": {
              "name": "proofhouse policy lint",
              "rules": [
                {
                  "id": "P0101",
                },
                {
                  "id": "P0201",
                },
              ],
            },
          },
        },
      ],
      "version": "2.1.0",
    }
  `);
});

test('SARIF without problems is a log that found nothing', () => {
  expect(sarifOf([]).runs).toEqual([expect.objectContaining({ results: [] })]);
});
