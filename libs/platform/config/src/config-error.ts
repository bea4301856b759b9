/** One thing wrong with the environment. Names a variable, never shows its value. */
export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

/** All problems of a configuration at once: an operator fixes them in one go instead of one per restart. */
export class ConfigError extends Error {
  readonly code = 'config-invalid';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(
      ['The configuration is not valid:', ...problems.map(({ name, message }) => `  ${name}: ${message}`)].join('\n'),
    );
    this.name = 'ConfigError';
  }
}
