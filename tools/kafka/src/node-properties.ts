/** Where one node of a cluster is and keeps its data. */
export interface NodePlan {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Names the node's data directory to the other controllers; 22 characters of URL-safe base64. */
  readonly directoryId: string;
  readonly directory: string;
}

const HOST = '127.0.0.1';

export const brokerAddress = (node: NodePlan): string => `${HOST}:${node.port}`;

const controllerAddress = (node: NodePlan): string => `${HOST}:${node.controllerPort}`;

/** What `StorageTool format --initial-controllers` takes. */
export function initialControllers(nodes: readonly NodePlan[]): string {
  return nodes.map((node) => `${node.id}@${controllerAddress(node)}:${node.directoryId}`).join(',');
}

/** The `server.properties` of one node: broker and controller in one process, replicated over all nodes. */
export function nodeProperties(node: NodePlan, nodes: readonly NodePlan[]): string {
  const copies = nodes.length;
  const inSync = Math.max(1, copies - 1);
  return [
    'process.roles=broker,controller',
    `node.id=${node.id}`,
    `controller.quorum.bootstrap.servers=${nodes.map(controllerAddress).join(',')}`,
    `listeners=PLAINTEXT://${brokerAddress(node)},CONTROLLER://${controllerAddress(node)}`,
    `advertised.listeners=PLAINTEXT://${brokerAddress(node)}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${node.directory}/data`,
    // A topic nobody created must be an error, not six partitions with settings nobody chose.
    'auto.create.topics.enable=false',
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${inSync}`,
    'offsets.topic.num.partitions=8',
    `offsets.topic.replication.factor=${copies}`,
    `transaction.state.log.replication.factor=${copies}`,
    `transaction.state.log.min.isr=${inSync}`,
    'transaction.state.log.num.partitions=4',
    `share.coordinator.state.topic.replication.factor=${copies}`,
    `share.coordinator.state.topic.min.isr=${inSync}`,
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=2097152',
    // After a SIGKILL a node cannot come back before its old registration has expired.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    '',
  ].join('\n');
}

/** Everything to standard output, which is the node's log file. */
export const LOG_PROPERTIES = [
  'rootLogger.level=info',
  'rootLogger.appenderRef.c.ref=c',
  'appender.c.type=Console',
  'appender.c.name=c',
  'appender.c.layout.type=PatternLayout',
  'appender.c.layout.pattern=%d{ISO8601} %p %c{1} %m%n',
  '',
].join('\n');
