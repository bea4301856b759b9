export type { ParsedCommandLine, SimulateOptions } from './cli-options.js';
export { HELP, parseCommandLine } from './cli-options.js';
export type { SimulationReport } from './report.js';
export { formatReport } from './report.js';
export { runSimulation } from './run-simulation.js';
export type { NamedScenario } from './scenarios.js';
export { SCENARIOS } from './scenarios.js';
