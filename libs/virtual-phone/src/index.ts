export type { PhoneClock } from './clock.js';
export { systemClock } from './clock.js';
export type {
  ContactMeAddress,
  ContactMeBehaviour,
  ContactMeListener,
  ContactMeRequest,
} from './contact-me-listener.js';
export { CONTACT_ME_PORT, listenForContactMe, loopbackAddress } from './contact-me-listener.js';
export type { ContactResult, Exchange, PhoneObserver } from './contact-result.js';
export type { CookieHabits } from './cookie.js';
export type { LoadedFile } from './deploy-files.js';
export type { FileJob, FileResult } from './deployment.js';
export { factoryItems } from './factory-items.js';
export type { DownloadHabits } from './file-download.js';
export { DEFAULT_PERSONALITY, findPersonality, personalityOf } from './find-personality.js';
export { macAddressAfter, phoneNumberAfter } from './fleet-numbers.js';
export type { FleetSummary } from './fleet-stats.js';
export { FleetStats } from './fleet-stats.js';
export type { ConnectionHabits, SecureCredentials } from './https-client.js';
export { DlsHttpsClient, LEGACY_TLS } from './https-client.js';
export type { LatencySummary } from './latency-histogram.js';
export { LatencyHistogram } from './latency-histogram.js';
export type { Fault, FaultKind } from './misbehaviour.js';
export { FAULT_KINDS } from './misbehaviour.js';
export type { MobileUser, MobilityOutcome } from './mobility.js';
export type { PhoneBehaviour, PhoneIdentity } from './new-phone.js';
export { newPhone } from './new-phone.js';
export { PERSONALITIES } from './personalities.js';
export type { Personality } from './personality.js';
export { speaksLegacyTlsOnly } from './personality.js';
export type { FactoryItems, StoredItem } from './phone-items.js';
export { PhoneItems } from './phone-items.js';
export type { PhoneLimits } from './phone-limits.js';
export { DEFAULT_PHONE_LIMITS } from './phone-limits.js';
export type { ContactEnd, PhoneEffect, PhoneInput, PhoneStep } from './phone-machine.js';
export { stepPhone } from './phone-machine.js';
export type { FailureKind, InitialReason, PhoneFailure, PhoneProfile, PhoneState } from './phone-state.js';
export type { CertificateInfo } from './pkcs12.js';
export { readPkcs12 } from './pkcs12.js';
export { LOGIN_SERVICE_PATH, serviceUrl } from './service-url.js';
export type { FleetOptions, Scenario } from './virtual-fleet.js';
export type { UserDataChunk } from './user-data.js';
export { readUserDataChunk, userDataItems } from './user-data.js';
export { VirtualFleet } from './virtual-fleet.js';
export type { VirtualPhoneOptions } from './virtual-phone-options.js';
export type { MobilityResult } from './virtual-phone.js';
export { VirtualPhone } from './virtual-phone.js';
