import type { ProblemTable } from '@opendls/http';

/** What a request about phones can fail with. */
export type DevicesErrorCode = 'device-id-invalid' | 'device-not-found';

/** Code -> HTTP answer. */
export const DEVICES_PROBLEMS: ProblemTable<DevicesErrorCode> = {
  'device-id-invalid': { status: 400, title: 'This is not the id of a phone' },
  'device-not-found': { status: 404, title: 'There is no such phone in the inventory' },
};
