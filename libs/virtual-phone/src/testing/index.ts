export type {
  ReceivedMessage,
  ScriptedAnswer,
  ScriptedService,
  ScriptedServiceOptions,
  ScriptStep,
} from './scripted-service.js';
export { answer, comeBack, overload, startScriptedService, valueOf } from './scripted-service.js';
