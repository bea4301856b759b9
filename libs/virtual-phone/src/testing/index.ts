export type {
  ReceivedMessage,
  ScriptedAnswer,
  ScriptedService,
  ScriptedServiceOptions,
  ScriptStep,
} from './scripted-service.js';
export { answer, comeBack, overload, startScriptedService, valueOf } from './scripted-service.js';
export type { ClientOptions, TestAuthority } from './test-authority.js';
export { createTestAuthority } from './test-authority.js';
