import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommand } from './java-runtime.js';
import { KafkaUnavailable } from './kafka-unavailable.js';
import { LOG_PROPERTIES, initialControllers, nodeProperties, type NodePlan } from './node-properties.js';

const STOP_DEADLINE_MS = 15_000;
const GUARD = fileURLToPath(new URL('./guard.sh', import.meta.url));

export interface BrokerCommand {
  readonly java: string;
  readonly classPath: string;
  /** Remove the node's directory when the starter disappears. */
  readonly isTemporary: boolean;
}

/** One broker process and its directory. */
export class BrokerNode {
  #guard: ChildProcess | undefined;
  #pid: number | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(
    readonly plan: NodePlan,
    private readonly command: BrokerCommand,
  ) {}

  /** The broker's process id while it runs. */
  get pid(): number | undefined {
    return this.#pid;
  }

  get logFile(): string {
    return path.join(this.plan.directory, 'kafka.log');
  }

  /** Writes the configuration and, for an empty directory, formats it as a member of the cluster. */
  async prepare(clusterId: string, nodes: readonly NodePlan[]): Promise<void> {
    const { directory } = this.plan;
    await mkdir(directory, { recursive: true });
    const properties = path.join(directory, 'server.properties');
    await writeFile(properties, nodeProperties(this.plan, nodes));
    await writeFile(path.join(directory, 'log4j2.properties'), LOG_PROPERTIES);
    const format = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', this.command.classPath];
    const tool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId, '-c', properties];
    const members = ['--initial-controllers', initialControllers(nodes)];
    const result = await runCommand(this.command.java, [...format, ...tool, ...members]);
    if (result.code !== 0) {
      throw new KafkaUnavailable('start-failed', `Kafka could not format ${directory}: ${result.output.slice(-500)}`);
    }
  }

  /** Starts the process; ready is something else (see `waitUntilReady`). */
  async start(): Promise<void> {
    const { directory } = this.plan;
    // Straight to a file: a pipe through the starter would fill up, or break, when the starter is gone.
    const log = openSync(this.logFile, 'w');
    const memory = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC'];
    const config = [`-Dlog4j2.configurationFile=file:${path.join(directory, 'log4j2.properties')}`];
    const main = ['-cp', this.command.classPath, ...config, 'kafka.Kafka', path.join(directory, 'server.properties')];
    const remove = this.command.isTemporary ? directory : '';
    // A session of its own: Ctrl-C in a terminal reaches the starter only, which stops its parts in order.
    const guard = spawn('sh', [GUARD, remove, this.command.java, ...memory, ...main], {
      stdio: ['pipe', log, log, 'pipe'],
      detached: true,
    });
    closeSync(log);
    this.#guard = guard;
    this.#exited = once(guard, 'exit').then(() => {
      this.#pid = undefined;
      guard.stdin?.destroy();
    });
    // The guard's first and only words; `stdio` asks for a pipe there.
    const words: unknown[] = await once(guard.stdio[3] as Readable, 'data');
    this.#pid = Number(String(words[0]));
  }

  /** Asks the broker to stop and waits; kills it when it does not. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends the broker the hard way, as a power cut of this machine's process table would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#guard === undefined || this.#pid === undefined) return;
    process.kill(this.#pid, signal);
    const deadline = setTimeout(() => {
      if (this.#pid !== undefined) process.kill(this.#pid, 'SIGKILL');
    }, STOP_DEADLINE_MS);
    await this.#exited;
    clearTimeout(deadline);
  }

  /** Why the broker is not running, read from its log. */
  async failure(): Promise<KafkaUnavailable> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    if (/Address already in use/.test(log)) {
      return new KafkaUnavailable('port-in-use', `port ${this.plan.port} or ${this.plan.controllerPort} is in use`);
    }
    if (/Failed to acquire lock on file/.test(log)) {
      return new KafkaUnavailable('data-in-use', `another Kafka is running on ${this.plan.directory}`);
    }
    const lines = log.split('\n').filter((line) => /ERROR|FATAL|Exception|Error:/.test(line));
    return new KafkaUnavailable(
      'start-failed',
      `Kafka ended: ${lines.slice(0, 3).join(' | ').slice(0, 600) || 'it said nothing'} (log: ${this.logFile})`,
    );
  }
}
