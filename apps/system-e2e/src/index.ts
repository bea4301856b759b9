export { ApiClient, type Device, type DevicePolicy } from './api-client.js';
export { RunningProgram, type Endpoints } from './running-program.js';
export { isAlive, until } from './until.js';
