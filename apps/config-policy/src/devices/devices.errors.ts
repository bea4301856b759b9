import type { ProblemTable } from '@opendls/http';
import { AppError } from '@opendls/logging';

export type DeviceErrorCode = 'device-not-found' | 'device-id-invalid';

/** A phone could not be shown. */
export class DeviceError extends AppError<DeviceErrorCode> {
  constructor(code: DeviceErrorCode, message: string) {
    super(code, message, { logLevel: 'info' });
  }
}

export const DEVICE_PROBLEMS: ProblemTable<DeviceErrorCode> = {
  'device-not-found': { status: 404, title: 'There is no such phone' },
  'device-id-invalid': { status: 400, title: 'This is not a device id' },
};
