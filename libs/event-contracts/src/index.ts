export { complianceStateSchema, type ComplianceState } from './compliance/compliance-changed.js';
export { asyncApiDocument } from './asyncapi.js';
export { deviceDirectiveSchema, type DeviceDirective } from './device-directive/device-directive-changed.js';
export type { DataOf, EventDefinition } from './define-event.js';
export {
  isEventType,
  parseRecord,
  prefixedTopic,
  REPLY_TO_HEADER,
  toRecord,
  type AnyEvent,
  type EventRecord,
  type IncomingRecord,
  type InvalidRecordCode,
  type OpenDlsEvent,
  type ParsedRecord,
} from './envelope.js';
export { EVENTS, type EventDataByType, type EventType } from './events.js';
export { contactAttemptOutcomeSchema, type ContactAttemptOutcome } from './gateway-device/contact-attempted.js';
export { contactOutcomeSchema, type ContactOutcome } from './gateway-device/contact-closed.js';
export { UNIDENTIFIED_DEVICE } from './gateway-device/contact-refused.js';
export {
  clientCertificateSchema,
  contactOpenedSchema,
  deviceFactsSchema,
  type ClientCertificate,
  type ContactOpened,
  type DeviceFacts,
  type PhoneConnection,
} from './gateway-device/contact.schema.js';
export { deviceIdFromIdentity, deviceIdSchema, macAddressOf, parseDeviceId, type DeviceId } from './identity.js';
export {
  contactReasonSchema,
  inventoryDeviceSchema,
  type ContactReason,
  type InventoryDevice,
} from './inventory-device/device-updated.js';
export {
  fileRefSchema,
  itemRefSchema,
  itemToWriteSchema,
  refusedItemSchema,
  reportedItemSchema,
  type FileRef,
  type ItemRef,
  type ItemToWrite,
  type RefusedItem,
  type ReportedItem,
} from './items.js';
export { jsonSchemaOf, type JsonObject } from './json-schema.js';
export { sealContext, sealedValueSchema } from './sealed.js';
export {
  COMPLIANCE_TOPIC,
  CONTACT_REQUEST_TOPIC,
  DEVICE_DIRECTIVE_TOPIC,
  GATEWAY_DEVICE_TOPIC,
  INVENTORY_DEVICE_TOPIC,
  TOPICS,
  WORK_ORDER_TOPIC,
  type TopicDefinition,
  type TopicName,
} from './topics.js';
export {
  stepRefSchema,
  stepSchema,
  type StepKind,
  type StepRef,
  type WorkOrderStep,
} from './work-order/step.schema.js';
export { workOrderKindSchema, type WorkOrderKind } from './work-order/work-order-issued.js';
