import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@opendls/logging';
import type { ChangePolicies } from './change-policies.use-case.js';
import type { PolicyDocument } from './domain/policy-document.js';
import type { PolicyFinding, PolicyFindingCode } from './domain/policy-problem.js';
import { readPolicyText } from './read-policy-text.js';

/** A file of the directory, as it was last read. */
export interface PolicyFileState {
  readonly file: string;
  /** Name of the policy in it, when it could be read. */
  readonly policy: string | null;
  readonly problems: readonly PolicyFinding[];
  readonly warnings: readonly PolicyFinding[];
}

interface ReadFile extends PolicyFileState {
  readonly document: PolicyDocument | null;
}

const POLICY_FILE = /^[^.].*\.(?:ya?ml|json)$/i;
const MAX_FILES = 10_000;
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Keeps the policies of a directory equal to its files: loaded at the start, again whenever a file changes. A file that
 * cannot be read or is wrong keeps what it last said; a file that is gone takes its policy with it.
 */
export class PolicyDirectory {
  private readonly lastGood = new Map<string, PolicyDocument>();
  private states: readonly PolicyFileState[] = [];
  private signature: string | undefined;
  private isReadable = true;

  constructor(
    private readonly directory: string,
    private readonly changePolicies: ChangePolicies,
    private readonly logger: Logger,
  ) {}

  /** The files as last read. */
  files(): readonly PolicyFileState[] {
    return this.states;
  }

  /** Files with problems, and one more while the directory itself cannot be read. */
  errorCount(): number {
    return this.states.filter(({ problems }) => problems.length > 0).length + (this.isReadable ? 0 : 1);
  }

  /** Loads the directory. @throws when it cannot be read */
  async load(): Promise<void> {
    const names = await this.list();
    const signature = await this.signatureOf(names);
    const files = await Promise.all(names.map((name) => this.read(name)));
    await this.apply(withoutDuplicates(files));
    this.signature = signature;
    this.isReadable = true;
  }

  /** Loads it again if anything in it changed. Problems are logged; what is in force stays. */
  async refresh(): Promise<void> {
    try {
      if ((await this.signatureOf(await this.list())) !== this.signature) await this.load();
      this.isReadable = true;
    } catch (error) {
      if (this.isReadable) this.logger.error({ err: error, directory: this.directory }, 'policy directory not loaded');
      this.isReadable = false;
    }
  }

  private async apply(files: readonly ReadFile[]): Promise<void> {
    const good = files.flatMap(({ file, document }) => {
      const known = document ?? this.lastGood.get(file);
      return known === undefined ? [] : [{ file, document: known }];
    });
    const keep = new Set(files.filter(({ document }) => document === null).map(({ file }) => file));
    const { conflicts, changed } = await this.changePolicies.synchronizeFiles(good, keep);
    this.lastGood.clear();
    for (const { file, document } of good) this.lastGood.set(file, document);
    this.states = files.map(({ document: _document, ...state }) =>
      conflicts.includes(state.file) ? { ...state, problems: [CONFLICT] } : state,
    );
    for (const { file, problems } of this.states) {
      if (problems.length > 0)
        this.logger.error({ file, problems }, 'policy file has problems; what it last said stays');
    }
    if (changed.length > 0) this.logger.info({ policies: changed }, 'policies changed by files');
  }

  private async list(): Promise<string[]> {
    const names = (await readdir(this.directory)).filter((name) => POLICY_FILE.test(name)).sort();
    if (names.length > MAX_FILES) throw new Error(`more than ${MAX_FILES} policy files`);
    return names;
  }

  private async read(file: string): Promise<ReadFile> {
    try {
      const fullName = path.join(this.directory, file);
      if ((await stat(fullName)).size > MAX_FILE_BYTES) return broken(file, 'file-too-large', 'is larger than 1 MiB');
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(fullName));
      const read = readPolicyText(text, /\.json$/i.test(file) ? 'json' : 'yaml');
      if (!read.ok) return { file, policy: null, document: null, problems: read.problems, warnings: read.warnings };
      const { document, warnings } = read;
      return { file, policy: document.metadata.name, document, problems: [], warnings };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'not UTF-8 text';
      return broken(file, 'file-unreadable', `cannot be read (${code})`);
    }
  }

  /** Symbolic links are followed: directories mounted by Kubernetes change by swapping one. */
  private async signatureOf(names: readonly string[]): Promise<string> {
    const states = await Promise.all(
      names.map(async (name) => {
        try {
          const { mtimeMs, size, ino } = await stat(path.join(this.directory, name));
          return `${name}|${mtimeMs}|${size}|${ino}`;
        } catch {
          // Gone since it was listed, or a dangling link: reading it says so.
          return `${name}|unreadable`;
        }
      }),
    );
    return states.join('\n');
  }
}

const CONFLICT: PolicyFinding = {
  path: '$.metadata.name',
  code: 'policy-from-api',
  message: 'a policy with this name was made through the API; delete it there first',
};

function broken(file: string, code: PolicyFindingCode, message: string): ReadFile {
  return { file, policy: null, document: null, problems: [{ path: '$', code, message }], warnings: [] };
}

/** Of two files with one policy the one that sorts first counts. */
function withoutDuplicates(files: readonly ReadFile[]): ReadFile[] {
  const fileOf = new Map<string, string>();
  return files.map((file) => {
    if (file.policy === null) return file;
    const first = fileOf.get(file.policy);
    if (first === undefined) {
      fileOf.set(file.policy, file.file);
      return file;
    }
    const problem: PolicyFinding = {
      path: '$.metadata.name',
      code: 'duplicate-policy',
      message: `is already in the file ${first}`,
    };
    return { ...file, document: null, problems: [problem] };
  });
}
