export { exampleEnvironment } from './example-environment.js';
