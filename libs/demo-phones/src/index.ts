export { bootDemoPhones, type DemoOptions, type DemoPhones } from './boot-demo-phones.js';
export { DEMO_MAC_START, DEMO_POLICY, DEMO_POLICY_NAME } from './demo-policy.js';
export { firstSteps } from './first-steps.js';
export { runInstallation, type InstallationProgram, type RunningInstallation } from './run-installation.js';
