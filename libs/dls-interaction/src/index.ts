export { MAX_NONCE_LENGTH } from './encoded-size.js';
export {
  INITIAL_REASONS,
  type ContactClosed,
  type ContactOpened,
  type ContactOutcome,
  type Fact,
  type InitialReason,
  type ItemsReported,
  type RefusedItem,
  type StepCompleted,
} from './facts.js';
export type { ItemName, Order, OrderFile, OrderItem, OrderStep, StepKind } from './order.js';
export { cleanUp, overload } from './replies.js';
export { splitWriteItems, type SplitItems, type SplitOptions } from './split-write-items.js';
export {
  IDLE,
  resume,
  resumePointOf,
  type Contact,
  type InteractionState,
  type Position,
  type RepeatDetection,
  type ResumePoint,
} from './state.js';
export { actionOf } from './step-messages.js';
export { step } from './step.js';
export { AUTO_TRAITS, traitsOf, type Traits, type TraitSettings } from './traits.js';
export { DEFAULT_SETTINGS, type Input, type InteractionWarning, type Settings, type Transition } from './transition.js';
