// Lints the planted violations in memory and fails unless each is reported by its rule, and clean code is not.
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { createProjectGraphAsync } from 'nx/src/project-graph/project-graph.js';
import path from 'node:path';
import { CLEAN, VIOLATIONS } from './violations.mjs';

const root = path.resolve(import.meta.dirname, '../..');
await createProjectGraphAsync({ exitOnError: true });

// The planted files do not exist on disk, so rules that need type information are off; the others are the real ones.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
});
const failures = [];

for (const { name, filePath, code, rule } of VIOLATIONS) {
  const rules = await rulesReported(filePath, code);
  if (!rules.includes(rule))
    failures.push(`not reported by ${rule}: ${name} (${filePath}); reported: ${rules.join(', ') || 'nothing'}`);
}
for (const { filePath, code } of CLEAN) {
  const rules = await rulesReported(filePath, code);
  if (rules.length > 0)
    failures.push(`reported by ${rules.join(', ')} although it follows the rules: ${filePath}\n${code}`);
}

console.log(
  `${VIOLATIONS.length} planted violations and ${CLEAN.length} clean files checked, ${failures.length} surprises`,
);
for (const failure of failures) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);

async function rulesReported(filePath, code) {
  const [result] = await eslint.lintText(code, { filePath: path.join(root, filePath) });
  return result.messages.map((message) => message.ruleId ?? message.message);
}
